import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { StreamTickets } from '#activity';
import { Clock, LoginFailed, systemContext } from '#kernel';
import { ApiKeysService } from '#rbac';
import { aKey, register, type TestKey } from '../support/access-calls.js';
import { sendUpgrade } from '../support/raw-http.js';
import { ADMIN_KEY, TestService } from '../support/service.js';
import { eventsOf, listen, STREAM_PATHS, type StreamListener } from '../support/stream.js';

describe('tickets for the stream', () => {
  let service: TestService;
  const open: StreamListener[] = [];
  beforeAll(async () => {
    service = await TestService.start({ RBAC_ENABLED: 'true' });
  });
  afterEach(() => {
    jest.restoreAllMocks();
    for (const { ws } of open.splice(0)) ws.terminate();
  });
  afterAll(() => service.remove());

  async function ticketOf(key = ADMIN_KEY): Promise<string> {
    const { status, body } = await service.request('POST', '/activity/ticket', undefined, { key });
    expect([status, Object.keys(body)]).toEqual([201, ['ticket', 'expires_at']]);
    return body.ticket as string;
  }
  async function upgrade(target: string): Promise<{ status: number; code: string | null; detail: string }> {
    const { status, text } = await sendUpgrade(service.service.port, {
      target,
      headers: [['Host', '127.0.0.1']],
    });
    const { code = null, detail = '' } = text === '' ? {} : JSON.parse(text);
    return { status, code, detail };
  }

  it.each(STREAM_PATHS)('open %s once', async (path) => {
    const ticket = await ticketOf();
    expect((await upgrade(`${path}?ticket=${ticket}`)).status).toBe(101);
    expect(await upgrade(`${path}?ticket=${ticket}`)).toMatchObject({ status: 401, code: 'UNAUTHENTICATED' });
  });

  it('open one of two sockets that show the same one together', async () => {
    const ticket = await ticketOf();
    const statuses = await Promise.all(
      Array.from({ length: 8 }, async () => (await upgrade(`/ws?ticket=${ticket}`)).status),
    );
    expect(statuses.filter((status) => status === 101)).toHaveLength(1);
    expect(new Set(statuses)).toEqual(new Set([101, 401]));
  });

  it('end after 30 s, as they say', async () => {
    const { body } = await service.request('POST', '/activity/ticket');
    const endsAt = Date.parse(body.expires_at as string);
    expect(Math.abs(endsAt - Date.now() - 30_000)).toBeLessThan(10_000);
    jest.spyOn(service.get(Clock), 'now').mockReturnValue(endsAt);
    expect((await upgrade(`/ws?ticket=${body.ticket}`)).status).toBe(401);
  });

  it.each([
    ['nothing', ''],
    ['a guess', 'art_unknown'],
    ['a key', ADMIN_KEY],
    ['a NUL', '%00'],
    ['a long one', 'art_'.repeat(1_000)],
  ])('are not made up: %s', async (_case, ticket) => {
    expect(await upgrade(`/ws?ticket=${ticket}`)).toMatchObject({ status: 401, code: 'UNAUTHENTICATED' });
  });

  it('are no key for anything else', async () => {
    const ticket = await ticketOf();
    expect((await service.request('GET', '/agents', undefined, { key: ticket })).status).toBe(401);
    expect((await service.request('GET', `/agents?ticket=${ticket}`, undefined, { key: '' })).status).toBe(
      401,
    );
  });

  it("show what its asker may see, and end with the asker's key", async () => {
    const own = await register(service, 'coder');
    const other = await register(service, 'reviewer', { role: 'reviewer' });
    const key = await aKey(service, 'developer', own);
    const listener = await listen(service, `/ws?ticket=${await ticketOf(key.secret)}`, '');
    open.push(listener);
    await service.request('POST', '/events/ingest', { agent_id: other.id });
    await service.request('POST', '/events/ingest', { agent_id: own.id });
    expect((await eventsOf(service, listener, own.id)).map(({ data }) => data['agent_id'])).toEqual([own.id]);
    await service.get(ApiKeysService).revoke(systemContext(), key.id);
    expect(await listener.closed).toMatchObject({ code: 1008 });
  });

  it('are worth nothing from where the key may not come', async () => {
    const { secret } = await aKey(service, 'analyst', undefined, { networks: ['127.0.0.0/8'] });
    const tickets = service.get(StreamTickets);
    const [here, there] = [await ticketOf(secret), await ticketOf(secret)];
    expect(tickets.redeem(here, '127.0.0.1').role).toBe('analyst');
    expect(() => tickets.redeem(there, '203.0.113.9')).toThrow(LoginFailed);
  });

  it('are worth nothing once the key is revoked', async () => {
    const key = await aKey(service, 'analyst');
    const ticket = await ticketOf(key.secret);
    await service.get(ApiKeysService).revoke(systemContext(), key.id);
    expect((await upgrade(`/ws?ticket=${ticket}`)).status).toBe(401);
  });

  it('are bounded for each principal, and free again when used', async () => {
    const [many, few]: [TestKey, TestKey] = [await aKey(service, 'analyst'), await aKey(service, 'analyst')];
    const tickets = [];
    for (let count = 0; count < 64; count += 1) tickets.push(await ticketOf(many.secret));
    const { status, headers } = await service.request('POST', '/activity/ticket', undefined, {
      key: many.secret,
    });
    expect([status, headers.get('retry-after')]).toEqual([429, '30']);
    await ticketOf(few.secret);
    expect((await upgrade(`/ws?ticket=${tickets[0]}`)).status).toBe(101);
    await ticketOf(many.secret);
  });

  it('stand in no entry of the log', async () => {
    const ticket = await ticketOf((await aKey(service, 'analyst')).secret);
    await upgrade(`/ws?ticket=${ticket}`);
    await upgrade(`/ws?ticket=${ticket}`);
    const { body } = await service.request('GET', '/events/audit?limit=100');
    expect(JSON.stringify(body)).not.toContain(ticket);
  });
});
