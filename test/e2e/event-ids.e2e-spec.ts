import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { IdempotencyExpiry } from '#idempotency';
import { Clock, newId } from '#kernel';
import { aKey, register } from '../support/access-calls.js';
import { logSize, newestEntries } from '../support/answers.js';
import { nested } from '../support/bad-values.js';
import { NDJSON, sendBatch } from '../support/batch-client.js';
import { eventually } from '../support/eventually.js';
import { openRaw } from '../support/opened-store.js';
import { ADMIN_KEY, type Answer, TestService } from '../support/service.js';
import { newTestStore } from '../support/store.js';

const DAY_MS = 86_400_000;
type Item = Record<string, unknown>;
interface Result {
  readonly status: number;
  readonly id?: string;
  readonly error?: { readonly code: string };
}

describe.each([
  ['/events/ingest/batch', '/events/ingest'],
  ['/metrics/batch', '/metrics'],
])('event_id in %s', (path, single) => {
  const store = newTestStore();
  const env = { RBAC_ENABLED: 'true' };
  let services: [TestService, TestService];
  let service: TestService;
  beforeAll(async () => {
    services = [await TestService.start(env, store), await TestService.start(env, store)];
    [service] = services;
    await register(service, 'coder');
    await eventually(
      'the other instance knows the agent',
      async () => (await services[1].request('GET', '/agents/coder')).status === 200,
    );
  });
  afterEach(() => void jest.restoreAllMocks());
  afterAll(async () => {
    for (const each of services) await each.stop();
    await store.remove();
  });

  const item = (eventId: unknown, changes: Item = {}): Item => ({
    ...{ agent_id: 'coder', metric_type: 'cost', cost_usd: 1, event_id: eventId },
    ...changes,
  });
  const send = (
    items: readonly Item[],
    options: { key?: string; of?: TestService } = {},
  ): Promise<Answer> => {
    const { of = service, ...key } = options;
    return of.request('POST', path, items, key);
  };
  const resultsOf = async (answer: Promise<Answer>): Promise<Result[]> => (await answer).body.results;
  const shown = ({ status, id, error }: Result) => [status, id ?? error?.code];

  it('makes a repeat get the first id, and write nothing', async () => {
    const items = [item('r-1'), item('r-2', { cost_usd: 2 }), item('r-3', { context: { a: [1] } })];
    const first = await resultsOf(send(items));
    expect(first.map(({ status }) => status)).toEqual([201, 201, 201]);
    const size = await logSize(service);
    const { body } = await send(items);
    expect(body).toMatchObject({ accepted: 3, rejected: 0 });
    expect((body.results as Result[]).map(shown)).toEqual(first.map(({ id }) => [200, id]));
    expect(await logSize(service)).toBe(size);
  });

  it('is of one item: the same id with another body is refused by itself', async () => {
    const [first] = await resultsOf(send([item('one', { context: { a: 1, b: 2 } })]));
    const results = await resultsOf(
      send([item('one', { cost_usd: 9 }), item('one', { context: { b: 2, a: 1 } }), item('two')]),
    );
    expect(results.map(shown)).toEqual([
      [422, 'EVENT_ID_REUSED'],
      [200, first?.id],
      [201, expect.any(String)],
    ]);
  });

  it('counts within one batch, across its slices, and keeps the order of the items', async () => {
    const size = await logSize(service);
    const many = Array.from({ length: 1_200 }, (_, n) =>
      n % 3 === 2
        ? item(undefined, { context: { n } })
        : item(`slice-${n % 600}`, { context: { n: n % 600 } }),
    );
    const results = await resultsOf(send(many));
    const made = results.filter(({ status }) => status === 201);
    const repeated = results.filter(({ status }) => status === 200);
    expect([made.length, repeated.length]).toEqual([400 + 400, 400]);
    for (const [n, { id }] of results.entries()) if (n % 3 !== 2) expect(id).toBe(results[n % 600]?.id);
    const raw = await openRaw(store);
    const rows = await raw.query<{ seq: number; audit_id: string; target_resource: string | null }[]>(
      `SELECT seq, audit_id, target_resource FROM agent_audit_log
       WHERE operation_type IN ('unknown', 'metric.record') ORDER BY seq`,
    );
    await raw.destroy();
    const logged = rows
      .filter(({ seq }) => seq > size)
      .map(({ audit_id, target_resource }) => target_resource ?? audit_id);
    expect(logged).toEqual(made.map(({ id }) => id));
  });

  it('counts across connections, instances and a restart', async () => {
    const items = Array.from({ length: 40 }, (_, n) => item(`c-${n}`));
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, n) => resultsOf(send(items, { of: services[n % 2]! }))),
    );
    for (let n = 0; n < items.length; n += 1) {
      const ofItem = answers.map((results) => results[n]!);
      expect(new Set(ofItem.map(({ id }) => id)).size).toBe(1);
      expect(ofItem.filter(({ status }) => status === 201)).toHaveLength(1);
    }
    const later = await TestService.start(env, store);
    const again = await resultsOf(send(items, { of: later }));
    await later.stop();
    expect(again.map(shown)).toEqual(answers[0]!.map(({ id }) => [200, id]));
  });

  it('is of one principal and one route', async () => {
    const [a, b] = [await aKey(service, 'tester'), await aKey(service, 'tester')];
    const ids = new Set<string | undefined>();
    for (const key of [ADMIN_KEY, a.secret, b.secret]) {
      const [result] = await resultsOf(send([item('shared')], { key }));
      expect(result?.status).toBe(201);
      ids.add(result?.id);
    }
    expect(ids.size).toBe(3);
  });

  it('counts in lines, where repeats are accepted', async () => {
    const lines = ['l-1', 'l-2', 'l-1'].map((id) => `${JSON.stringify(item(id))}\n`);
    const headers = { ...NDJSON, 'x-api-key': ADMIN_KEY };
    const size = await logSize(service);
    const first = await sendBatch(service, path, lines, headers);
    expect(first.lines).toEqual([{ accepted: 3, rejected: 0 }]);
    const grown = await logSize(service);
    expect(grown).toBeGreaterThan(size);
    const again = await sendBatch(
      service,
      path,
      [...lines, `${JSON.stringify(item('l-1', { x: 1 }))}\n`],
      headers,
    );
    expect(again.lines).toEqual([
      { index: 3, status: 422, error: expect.objectContaining({ code: 'EVENT_ID_REUSED' }) },
      { accepted: 3, rejected: 1 },
    ]);
    expect(await logSize(service)).toBe(grown);
  });

  it('goes with an Idempotency-Key for the whole', async () => {
    const items = [item('both-1'), item('both-2')];
    const first = await resultsOf(send(items));
    const size = await logSize(service);
    const options = { headers: { 'idempotency-key': newId() } };
    const mixed = [...items, item('both-3')];
    const results = await resultsOf(service.request('POST', path, mixed, options));
    expect(results.map(({ status }) => status)).toEqual([200, 200, 201]);
    expect(results[0]?.id).toBe(first[0]?.id);
    const grown = await logSize(service);
    expect(grown).toBeGreaterThan(size);
    expect(await resultsOf(service.request('POST', path, mixed, options))).toEqual(results);
    expect(await logSize(service)).toBe(grown);
  });

  it.each([
    ['empty', ''],
    ['too long', 'x'.repeat(129)],
    ['no text', 7],
    ['with a NUL', 'a\u0000b'],
    ['half a character', '\ud800'],
  ])('is refused where it is %s, and takes nothing of the others with it', async (_how, eventId) => {
    const results = await resultsOf(send([item(eventId), item(newId())]));
    expect(results.map(({ status }) => status)).toEqual([422, 201]);
  });

  it('may have 128 characters of any script', async () => {
    const ids = ['x'.repeat(128), '\u{1f680}'.repeat(128), 'gr\u00f6\u00dfe 1'];
    const first = await resultsOf(send(ids.map((id) => item(id))));
    expect(first.map(({ status }) => status)).toEqual([201, 201, 201]);
    const second = await resultsOf(send(ids.map((id) => item(id))));
    expect(second.map(shown)).toEqual(first.map(({ id }) => [200, id]));
  });

  it('is refused for what nests too deep to be recognized', async () => {
    const text = `[${JSON.stringify(item('deep')).slice(0, -1)},"context":{"a":${nested(100)}}}]`;
    const { body } = await service.request('POST', path, text);
    expect(body.results[0]).toMatchObject({ status: 422, error: { code: 'VALIDATION_FAILED' } });
  });

  it('is kept of no item that was refused', async () => {
    const bad = item('mend', { cost_usd: -1 });
    const [refused] = await resultsOf(send([bad]));
    expect(refused?.status).toBe(422);
    const [taken] = await resultsOf(send([item('mend')]));
    expect(taken?.status).toBe(201);
  });

  it('means nothing to the single call, which keeps it with the entry as before', async () => {
    const body = item('single');
    const answers = [
      await service.request('POST', single, body),
      await service.request('POST', single, body),
    ];
    expect(answers.map(({ status }) => status)).toEqual([201, 201]);
    await send([body]);
    const kept = (await newestEntries(service, 10)).filter(({ context }: Answer['body']) => {
      const { extra } = context?.context ?? context ?? {};
      return extra?.event_id === 'single';
    });
    expect(kept).toHaveLength(3);
  });

  it('is forgotten after 24 hours, and then swept away', async () => {
    const [first] = await resultsOf(send([item('daily')]));
    const now = jest.spyOn(service.get(Clock), 'now');
    const start = Date.now();
    now.mockReturnValue(start + DAY_MS - 60_000);
    expect((await resultsOf(send([item('daily')]))).map(shown)).toEqual([[200, first?.id]]);
    now.mockReturnValue(start + DAY_MS + 60_000);
    const [anew] = await resultsOf(send([item('daily', { cost_usd: 3 })]));
    expect(anew?.status).toBe(201);
    await service.get(IdempotencyExpiry).sweep();
    const raw = await openRaw(store);
    const rows = await raw.query<{ event_id: string; item_id: string }[]>('SELECT * FROM idempotency_items');
    await raw.destroy();
    expect(rows.map(({ event_id, item_id }) => [event_id, item_id])).toEqual([['daily', anew?.id]]);
  });
});
