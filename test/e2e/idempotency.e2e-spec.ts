import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { RequestMethod } from '@nestjs/common';
import { idempotencyOf } from '#contract';
import { IdempotencyExpiry } from '#idempotency';
import { Clock, newId } from '#kernel';
import { aDeadLetter, aKey, bodyOf, register } from '../support/access-calls.js';
import { expectProblem, logSize, newestEntries } from '../support/answers.js';
import { nested } from '../support/bad-values.js';
import { NDJSON, sendBatch } from '../support/batch-client.js';
import { openRaw } from '../support/opened-store.js';
import { handlersOf, httpRoutesOf } from '../support/routes.js';
import { type Answer, anAgent, TestService } from '../support/service.js';

const DAY_MS = 86_400_000;
/** POSTs that change nothing, and why they are no GETs. */
const WRITE_NOTHING: Readonly<Record<string, string>> = {
  'POST /api/v1/audit/verify': 'begins what goes on in the background',
  'POST /api/v1/rbac/explain': 'a question that is too large for a query',
  'POST /api/v1/rbac/simulate': 'a question with a whole policy in it',
};
const SECRET = [
  ...['POST /api/v1/activity/ticket', 'POST /api/v1/keys', 'POST /api/v1/keys/:key_id/rotate'],
  ...['POST /api/v1/audit/sinks', 'POST /api/v1/audit/sinks/:sink_id/rotate-secret'],
];

describe('Idempotency-Key', () => {
  let service: TestService;
  let agent: { id: string; name: string };
  let person: string;
  beforeAll(async () => {
    service = await TestService.start({ RBAC_ENABLED: 'true' });
    agent = await register(service, 'coder');
    person = (await aKey(service, 'admin', undefined, { kind: 'human' })).secret;
  });
  afterEach(() => void jest.restoreAllMocks());
  afterAll(() => service.remove());

  const send = (path: string, body: unknown, idempotencyKey: string, key?: string): Promise<Answer> =>
    service.request('POST', path, body, {
      ...(key === undefined ? {} : { key }),
      headers: { 'idempotency-key': idempotencyKey },
    });
  const ingest = (detail: string, idempotencyKey: string, key?: string): Promise<Answer> =>
    send('/events/ingest', { operation_detail: detail }, idempotencyKey, key);
  const replayed = (answer: Answer) => answer.headers.get('idempotency-replayed');

  /** What a route is called with; something new for each that ends what it is about. */
  async function callOf(route: string): Promise<{ path: string; body: unknown }> {
    const path = route.replace('POST /api/v1', '').replace(':agent_id', agent.name);
    const body = bodyOf(route, agent.id);
    if (route.endsWith(':key_id/rotate'))
      return { path: path.replace(':key_id', (await aKey(service, 'tester')).id), body };
    if (route.endsWith('/settle')) {
      const wanted = { agent_id: agent.id, max_cost_usd: 0.01, max_tokens: 1, ttl_s: 60 };
      const reserved = await service.request('POST', '/budget/reserve', wanted, { key: person });
      return { path, body: { reservation_id: reserved.body.reservation_id, tokens_used: 1, cost_usd: 0.01 } };
    }
    if (route.includes(':sink_id')) {
      const { body: sink } = await service.request(
        'POST',
        '/audit/sinks',
        bodyOf('POST /api/v1/audit/sinks', ''),
      );
      const id = route.includes(':dead_letter_id') ? await aDeadLetter(service, sink.sink_id as string) : '';
      return { path: path.replace(':sink_id', sink.sink_id as string).replace(':dead_letter_id', id), body };
    }
    if (route.includes(':audit_id')) {
      // One that another route has placed.
      for (const { hold_id } of (await service.request('GET', '/audit/holds')).body)
        await service.request('DELETE', `/audit/holds/${hold_id}`);
      const { body: entry } = await service.request('POST', '/events/ingest', { operation_detail: 'text' });
      return { path: path.replace(':audit_id', entry.audit_id), body };
    }
    if (!route.includes(':approval_id')) return { path, body };
    const asked = await service.request('POST', '/rbac/check', {
      ...{ agent_id: 'coder', session_id: newId(), cwd: '/home/dev', tool_name: 'Bash' },
      tool_input: { command: 'git push origin main' },
    });
    const id = asked.body.approval.approval_id as string;
    const shown = await service.request('GET', `/approvals/${id}`);
    return { path: path.replace(':approval_id', id), body: { request_hash: shown.body.request_hash } };
  }

  const posts = () => httpRoutesOf(service).filter((route) => route.startsWith('POST '));

  it('is taken by every POST that writes', () => {
    const handlers = handlersOf(service).filter(
      ({ handler }) => Reflect.getMetadata('method', handler) === RequestMethod.POST,
    );
    const without = handlers.filter(({ handler }) => idempotencyOf(handler) === null);
    expect(posts()).toEqual(expect.arrayContaining(Object.keys(WRITE_NOTHING)));
    expect(without.map(({ name }) => name).sort()).toEqual([
      'ChecksController.explain',
      'SimulationController.simulate',
      'VerificationController.start',
    ]);
    expect(handlers.filter(({ handler }) => idempotencyOf(handler)?.secret)).toHaveLength(SECRET.length);
  });

  it('has every route that takes it answer a repeat as the first time, and write once', async () => {
    for (const route of posts()) {
      if (route in WRITE_NOTHING) continue;
      const { path, body } = await callOf(route);
      const key = newId();
      const first = await send(path, body, key, person);
      const size = await logSize(service);
      const second = await send(path, body, key, person);
      expect([route, first.status < 300, replayed(first)]).toEqual([route, true, null]);
      expect([route, await logSize(service)]).toEqual([route, size]);
      if (SECRET.includes(route)) {
        expectProblem(second, 409, 'ANSWER_NOT_REPEATED');
        continue;
      }
      expect([route, second.status, second.body, replayed(second)]).toEqual([
        route,
        first.status,
        first.body,
        'true',
      ]);
      expect(second.headers.get('content-type')).toBe(first.headers.get('content-type'));
    }
  });

  it('leaves the same effects as a call without it', async () => {
    for (const route of posts()) {
      if (route in WRITE_NOTHING) continue;
      const operations = async (key?: string) => {
        const { path, body } = await callOf(route);
        const before = await logSize(service);
        const headers: Record<string, string> = key === undefined ? {} : { 'idempotency-key': key };
        const { status } = await service.request('POST', path, body, { key: person, headers });
        const entries = await newestEntries(service, 100);
        return [
          status,
          (entries as Answer['body'][])
            .filter(({ seq }) => seq > before)
            .map(({ operation, rbac, outcome }) => [operation.type, rbac.decision, outcome]),
        ];
      };
      expect([route, await operations(newId())]).toEqual([route, await operations()]);
    }
  });

  it('shows in the answer what the call has just written', async () => {
    const changed = await send('/agents/coder/complete', { success: true, execution_time_ms: 5 }, newId());
    const { body } = await service.request('GET', '/agents/coder');
    expect(changed.body).toEqual(body);
    const event = await ingest('placed', newId());
    expect(event.body.seq).toBe(await logSize(service));
    const created = await send('/agents', anAgent({ name: 'seen-at-once' }), newId());
    expect((await service.request('GET', '/agents/seen-at-once')).body).toEqual(created.body);
  });

  it('means one request: another body, query or object is refused', async () => {
    const key = newId();
    await ingest('one', key);
    expectProblem(await ingest('two', key), 422, 'IDEMPOTENCY_KEY_REUSED');
    expectProblem(
      await send('/events/ingest?x=1', { operation_detail: 'one' }, key),
      422,
      'IDEMPOTENCY_KEY_REUSED',
    );
    await register(service, 'other');
    await send('/agents/coder/activate', {}, key);
    expectProblem(await send('/agents/other/activate', {}, key), 422, 'IDEMPOTENCY_KEY_REUSED');
    // The members may come in another order.
    const ordered = newId();
    const first = await send('/events/ingest', '{"operation_type":"a","operation_detail":"b"}', ordered);
    const second = await send('/events/ingest', '{"operation_detail":"b", "operation_type":"a"}', ordered);
    expect(second.body).toEqual(first.body);
  });

  it('is of one principal and one route', async () => {
    const key = newId();
    const others = await Promise.all([aKey(service, 'tester'), aKey(service, 'tester')]);
    const answers = [
      await ingest('mine', key),
      await ingest('mine', key, others[0].secret),
      await ingest('mine', key, others[1].secret),
      await send('/events/ingest/batch', [{ operation_detail: 'mine' }], key),
    ];
    const ids = answers.map(({ body }) => body.audit_id ?? body.results[0].id);
    expect(new Set(ids).size).toBe(4);
    expect(answers.map(replayed)).toEqual([null, null, null, null]);
  });

  it('outlives the replacement of a key, where it is known whose key it is', async () => {
    const kept = [
      await aKey(service, 'developer', agent),
      await aKey(service, 'tester', undefined, { kind: 'human', owner: 'ann' }),
    ];
    for (const old of kept) {
      const first = await ingest('rotated', 'rotated', old.secret);
      const { body } = await service.request('POST', `/keys/${old.id}/rotate`, {});
      const second = await ingest('rotated', 'rotated', body.secret as string);
      expect([second.body, replayed(second)]).toEqual([first.body, 'true']);
    }
    // … but not beyond the rights: another role of the same person's.
    const more = await aKey(service, 'reviewer', undefined, { kind: 'human', owner: 'ann' });
    expect(replayed(await ingest('rotated', 'rotated', more.secret))).toBeNull();
  });

  it.each([
    ['with a blank', 'a b'],
    ['beyond ASCII', 'schl\u00fcssel'],
    ['empty', ''],
    ['too long', 'x'.repeat(256)],
    ['sent twice', 'a, b'],
  ])('is refused %s', async (_how, key) => {
    const size = await logSize(service);
    expectProblem(await ingest('refused', key), 422, 'VALIDATION_FAILED', 'Idempotency-Key');
    expect(await logSize(service)).toBe(size);
  });

  it('may have 255 characters of any visible kind', async () => {
    const key = `"!~${'x'.repeat(252)}`;
    const first = await ingest('long', key);
    expect(first.status).toBe(201);
    expect((await ingest('long', key)).body).toEqual(first.body);
  });

  it('is refused with a body that nests too deep to be recognized, not with one as deep as the contract takes', async () => {
    const ofDepth = (depth: number) => `{"context":{"a":${nested(depth - 1)}}}`;
    expect((await send('/events/ingest', ofDepth(32), newId())).status).toBe(201);
    expect((await send('/events/ingest/batch', `[${ofDepth(32)}]`, newId())).body.accepted).toBe(1);
    expectProblem(await send('/events/ingest', ofDepth(100), newId()), 422, 'VALIDATION_FAILED', 'body');
  });

  it('keeps nothing of a call that failed, which is then carried out anew', async () => {
    const key = newId();
    const body = { agent_id: 'late', metric_type: 'execution' };
    expectProblem(await send('/metrics', body, key), 404, 'AGENT_NOT_FOUND');
    await register(service, 'late');
    const second = await send('/metrics', body, key);
    expect([second.status, replayed(second)]).toEqual([201, null]);
    const invalid = newId();
    expectProblem(await send('/metrics', { agent_id: 7 }, invalid), 422, 'VALIDATION_FAILED');
    expect((await send('/metrics', body, invalid)).status).toBe(201);
  });

  it('records a denial once for each time that it is denied', async () => {
    const own = await aKey(service, 'developer', agent);
    await register(service, 'foreign');
    const key = newId();
    const before = await logSize(service);
    for (let round = 1; round <= 2; round += 1) {
      const denied = await send('/agents/foreign/activate', {}, key, own.secret);
      expectProblem(denied, 403, 'NOT_OWN_AGENT');
      const [entry] = await newestEntries(service);
      expect([entry.seq, entry.operation.type]).toEqual([before + round, 'access.denied']);
    }
  });

  it('keeps the entry of a reservation that was refused, and asks anew', async () => {
    const { id } = await register(service, 'poor', { budget_max_cost_per_day: 1 });
    const key = newId();
    const body = { agent_id: id, max_cost_usd: 2, max_tokens: 1, ttl_s: 60 };
    const before = await logSize(service);
    for (let round = 1; round <= 2; round += 1) {
      const refused = await send('/budget/reserve', body, key);
      expect([refused.status, refused.body.code, replayed(refused)]).toEqual([409, 'BUDGET_EXCEEDED', null]);
      const [entry] = await newestEntries(service);
      expect([entry.seq, entry.operation.type]).toEqual([before + round, 'budget.reserve']);
    }
    await service.request('PUT', '/agents/poor', { budget_max_cost_per_day: 5 });
    expect((await send('/budget/reserve', body, key)).status).toBe(201);
  });

  it('stores no secret', async () => {
    const made = await send('/keys', { name: 'hidden', kind: 'service', role: 'tester' }, newId());
    const raw = await openRaw(service.store);
    const stored = await raw.query<unknown[]>('SELECT * FROM idempotency_keys');
    await raw.destroy();
    expect(JSON.stringify(stored)).not.toContain((made.body.secret as string).slice(12));
  });

  it('takes an array as one, and no lines', async () => {
    const items = [{ operation_detail: 'a' }, { operation_detail: 7 }, { operation_detail: 'b' }];
    const key = newId();
    const first = await send('/events/ingest/batch', items, key);
    expect(first.body).toMatchObject({ accepted: 2, rejected: 1 });
    const size = await logSize(service);
    const second = await send('/events/ingest/batch', items, key);
    expect([second.status, second.body, replayed(second)]).toEqual([207, first.body, 'true']);
    expect(await logSize(service)).toBe(size);
    const admin = { 'x-api-key': person };
    const lines = await sendBatch(service, '/events/ingest/batch', ['{}\n'], {
      ...{ ...NDJSON, ...admin, 'idempotency-key': newId() },
    });
    expect([lines.status, lines.body.code]).toEqual([422, 'VALIDATION_FAILED']);
    expect(await logSize(service)).toBe(size);
  });

  it('is not minded by what writes nothing, nor by other methods', async () => {
    const key = newId();
    const question = { agent_id: 'coder', tool_name: 'Read' };
    for (let round = 0; round < 2; round += 1) {
      const answer = await send('/rbac/explain', question, key);
      expect([answer.status, replayed(answer)]).toEqual([200, null]);
    }
    const headers = { 'idempotency-key': key };
    const put = (text: string) =>
      service.request('PUT', '/agents/coder', { role_reasoning: text }, { headers });
    expect([(await put('x')).status, (await put('y')).status]).toEqual([200, 200]);
  });

  it('is forgotten after 24 hours, and then swept away', async () => {
    const key = newId();
    const first = await ingest('daily', key);
    const now = jest.spyOn(service.get(Clock), 'now');
    now.mockReturnValue(Date.parse(first.body.timestamp) + DAY_MS - 1_000);
    expect((await ingest('daily', key)).body).toEqual(first.body);
    now.mockReturnValue(Date.now() + DAY_MS + 60_000);
    const again = await ingest('another day', key);
    expect([again.status, replayed(again)]).toEqual([201, null]);
    await service.get(IdempotencyExpiry).sweep();
    const raw = await openRaw(service.store);
    const rows = await raw.query<{ idempotency_key: string }[]>(
      'SELECT idempotency_key FROM idempotency_keys',
    );
    await raw.destroy();
    expect(rows).toEqual([{ idempotency_key: key }]);
    expect((await ingest('another day', key)).body).toEqual(again.body);
  });
});

describe.each(['true', 'false'])('Idempotency-Key, FAST_PATH=%s', (fastPath) => {
  let service: TestService;
  beforeAll(async () => {
    service = await TestService.start({ FAST_PATH: fastPath });
    await service.request('POST', '/agents', anAgent());
  });
  afterAll(() => service.remove());

  it.each([
    ['/events/ingest', { agent_id: 'coder' }],
    ['/metrics', { agent_id: 'coder', metric_type: 'cost', cost_usd: 1 }],
    ['/budget/deduct', { agent_id: 'coder', tokens_used: 1, cost_usd: 1 }],
    ['/rbac/check', { agent_id: 'coder', tool_name: 'Read' }],
  ])('counts for %s with RBAC off, too', async (path, body) => {
    const headers = { 'idempotency-key': 'k-1' };
    const first = await service.request('POST', path, body, { headers });
    const size = await logSize(service);
    const second = await service.request('POST', path, body, { headers });
    expect([second.status, second.body]).toEqual([first.status, first.body]);
    expect(second.headers.get('idempotency-replayed')).toBe('true');
    expect(await logSize(service)).toBe(size);
  });
});
