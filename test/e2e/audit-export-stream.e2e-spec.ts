import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { aKey } from '../support/access-calls.js';
import { eventually } from '../support/eventually.js';
import { exportText, linesOf, publicKeyOf, verified } from '../support/exports.js';
import { ADMIN_KEY, TestService } from '../support/service.js';

/** Together more than the buffers between both ends hold. */
const [EVENTS, BYTES] = [4_000, 8_000];

const ENV = { RBAC_ENABLED: 'true', CHECKPOINT_INTERVAL: '24h' };

describe('an export on its way', () => {
  let service: TestService;
  let key: Buffer;

  beforeAll(async () => {
    service = await TestService.start(ENV);
    key = await publicKeyOf(service);
    const detail = 'x'.repeat(BYTES);
    for (let from = 0; from < EVENTS; from += 1_000) {
      const events = Array.from({ length: 1_000 }, (_, n) => ({
        ...{ agent_id: `a${n % 3}`, operation_type: 'tool_use', operation_detail: `${from + n} ${detail}` },
      }));
      await service.request('POST', '/events/ingest/batch', events);
    }
  });
  afterAll(() => service.remove());

  /** Asks, and reads nothing. */
  async function open(secret = ADMIN_KEY): Promise<IncomingMessage> {
    const call = request({
      ...{ hostname: '127.0.0.1', port: service.service.port, path: '/api/v1/audit/export' },
      ...{ agent: false, headers: { 'x-api-key': secret } },
    }).end();
    const [response] = (await once(call, 'response')) as [IncomingMessage];
    return response.setEncoding('utf8');
  }
  /** What comes until the end, or until it breaks off. */
  async function rest(response: IncomingMessage): Promise<{ text: string; whole: boolean }> {
    let text = '';
    try {
      for await (const chunk of response) text += String(chunk);
    } catch {
      // It broke off.
    }
    return { text, whole: response.complete };
  }

  it('goes on where it broke off, as if it had not', async () => {
    const whole = await exportText(service, '?agent_id=a1');
    const lines = whole.trimEnd().split('\n');
    const { tree_size: size } = linesOf(whole)[0];
    for (const kept of [2, 3, 700, lines.length - 1]) {
      const last = JSON.parse(lines[kept - 1]!);
      const after = Number(last.to ?? last.entry.seq);
      const more = await exportText(service, `?agent_id=a1&after_seq=${after}&tree_size=${size}`);
      expect(`${lines.slice(0, kept).join('\n')}\n${more}` === whole).toBe(true);
    }
  });

  it('holds nothing that came after it began', async () => {
    const response = await open();
    const events = [{ agent_id: 'late', operation_type: 'tool_use', operation_detail: 'too late' }];
    await service.request('POST', '/events/ingest/batch', events);
    const { text, whole } = await rest(response);
    expect([whole, text.includes('too late')]).toEqual([true, false]);
    expect(verified(text, key).findings).toEqual([]);
  });

  it('breaks off when the key is revoked, and is not taken for whole', async () => {
    const { id, secret } = await aKey(service, 'security');
    const response = await open(secret);
    const { status } = await service.request('DELETE', `/keys/${id}`);
    expect(status).toBe(204);
    const { text, whole } = await rest(response);
    expect(whole).toBe(false);
    expect(verified(text, key).findings.map(({ kind }) => kind)).toContain('truncated');
    expect(verified(text, key).entries).toBeLessThan(EVENTS);
  });

  it('waits for slow readers, and lets nobody take all places', async () => {
    const [security, reviewer] = [await aKey(service, 'security'), await aKey(service, 'reviewer')];
    const status = async (key: string): Promise<number> =>
      (await service.request('GET', '/audit/export?agent_role=nobody', undefined, { key })).status;
    const slow = await open();
    const again = await service.request('GET', '/audit/export');
    expect([again.status, again.body.code]).toEqual([429, 'TOO_MANY_REQUESTS']);
    expect(Number(again.headers.get('retry-after'))).toBeGreaterThan(0);
    const other = await open(security.secret);
    expect(await status(reviewer.secret)).toBe(429);
    // Who records is not kept waiting.
    const event = { agent_id: 'a', operation_type: 'tool_use' };
    expect((await service.request('POST', '/events/ingest', event)).status).toBe(201);
    other.destroy();
    await eventually('a free place', async () => (await status(reviewer.secret)) === 200);
    const { text, whole } = await rest(slow);
    expect(whole).toBe(true);
    expect(verified(text, key).findings).toEqual([]);
  });

  it('breaks off when the service ends, and goes on after', async () => {
    const response = await open();
    const stopped = service.stop();
    const { text, whole } = await rest(response);
    await stopped;
    expect(whole).toBe(false);
    const lines = text.split('\n').slice(0, -1);
    const { tree_size: size } = JSON.parse(lines[0]!);
    const after = Number(JSON.parse(lines.at(-1)!).entry?.seq ?? 0);
    service = await TestService.start(ENV, service.store);
    const more = await exportText(service, `?after_seq=${after}&tree_size=${size}`);
    expect(verified(`${lines.join('\n')}\n${more}`, key).findings).toEqual([]);
  });
});
