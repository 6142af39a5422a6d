import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { aKey } from '../support/access-calls.js';
import { expectProblem, newestEntries } from '../support/answers.js';
import { sendUpgrade } from '../support/raw-http.js';
import { type Answer, TestService } from '../support/service.js';

const LIMIT = 5;
const BAD_KEY = `arm_${'A'.repeat(43)}`;
const CHARGE = { tokens_used: 1, cost_usd: 0 };

describe('failed logins', () => {
  let service: TestService;
  beforeEach(async () => {
    service = await TestService.start({
      RBAC_ENABLED: 'true',
      LOGIN_FAILURES_PER_MINUTE: String(LIMIT),
    });
  });
  afterEach(() => service.remove());

  const WAYS: [
    name: string,
    attempt: (key: string) => Promise<Pick<Answer, 'status' | 'body'> & { retryAfter: string }>,
  ][] = [
    ['a routed call', async (key) => withWait(await service.request('GET', '/agents', undefined, { key }))],
    [
      'a call of the fast path',
      async (key) => withWait(await service.request('POST', '/budget/deduct', CHARGE, { key })),
    ],
    [
      'an upgrade',
      async (key) => {
        const headers = [['Host', '127.0.0.1'], ...(key === '' ? [] : [['X-API-Key', key]])] as [
          string,
          string,
        ][];
        const {
          status,
          headers: answered,
          text,
        } = await sendUpgrade(service.service.port, {
          target: '/ws?token=in-the-query',
          headers,
        });
        const body: unknown = status === 101 ? null : JSON.parse(text);
        return { status, body, retryAfter: answered['retry-after'] ?? '' };
      },
    ],
  ];
  const withWait = ({ status, body, headers }: Answer) => ({
    status,
    body,
    retryAfter: headers.get('retry-after') ?? '',
  });

  it.each(WAYS)('by %s are counted once each, recorded, and then answered 429', async (_name, attempt) => {
    for (let i = 0; i < LIMIT; i += 1) {
      const { status, body } = await attempt(BAD_KEY);
      expect([status, body.code]).toEqual([401, 'UNAUTHENTICATED']);
      const [entry] = await newestEntries(service);
      expect(entry).toMatchObject({
        operation: { type: 'access.unauthenticated' },
        principal: { id: 'nobody', kind: 'anonymous' },
        target: { type: 'route' },
        rbac: { decision: 'denied', reason: body.detail },
        source: 'decided',
        outcome: 'denied',
        trace_id: body.trace_id,
        context: { code: 'UNAUTHENTICATED', address: expect.stringContaining('127.0.0.1') },
      });
      expect(JSON.stringify(entry)).not.toMatch(/AAAA|in-the-query/);
    }
    const { body: before } = await service.request('GET', '/events/audit/stats');
    for (let i = 0; i < 3; i += 1) {
      const { status, body, retryAfter } = await attempt(BAD_KEY);
      expect([status, body.code]).toEqual([429, 'TOO_MANY_REQUESTS']);
      expect(Number(retryAfter)).toBeGreaterThan(0);
      expect(Number(retryAfter)).toBeLessThanOrEqual(60);
    }
    expect((await service.request('GET', '/events/audit/stats')).body).toEqual(before);
  });

  it('are counted together, whatever the way and the key', async () => {
    for (let i = 0; i < LIMIT; i += 1) await WAYS[i % WAYS.length]![1](`${BAD_KEY}${i}`);
    for (const [, attempt] of WAYS) expect((await attempt(BAD_KEY)).status).toBe(429);
  });

  it('do not shut out a good key from the same address', async () => {
    for (let i = 0; i <= LIMIT; i += 1) await service.request('GET', '/agents', undefined, { key: BAD_KEY });
    const { secret } = await aKey(service, 'analyst');
    expect((await service.request('GET', '/agents', undefined, { key: secret })).status).toBe(200);
    expect((await service.request('POST', '/budget/deduct', CHARGE, { key: secret })).status).toBe(201);
  });

  it.each(WAYS)('are none where no key is shown, by %s', async (_name, attempt) => {
    for (let i = 0; i < 2 * LIMIT; i += 1) expect((await attempt('')).status).toBe(401);
    expect(await newestEntries(service)).toEqual([]);
  });

  it('are answered as a problem', async () => {
    for (let i = 0; i < LIMIT; i += 1) await service.request('GET', '/agents', undefined, { key: BAD_KEY });
    expectProblem(
      await service.request('GET', '/agents', undefined, { key: BAD_KEY }),
      429,
      'TOO_MANY_REQUESTS',
    );
  });
});
