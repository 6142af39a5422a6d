import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { DataSource, QueryRunner } from 'typeorm';
import { StoreUnavailable, systemContext, TransactionRunner } from '#kernel';
import { ApiKeysService } from '#rbac';
import { BEGIN } from '../../libs/persistence/src/dialect.js';
import { aKey, register } from '../support/access-calls.js';
import { logSize, newestEntries } from '../support/answers.js';
import { NDJSON, sendBatch } from '../support/batch-client.js';
import { openRaw } from '../support/opened-store.js';
import { anAgent, TestService } from '../support/service.js';
import { TEST_DIALECT } from '../support/store.js';

const JSON_TYPE = { 'content-type': 'application/json' };
const UNAVAILABLE = {
  status: 503,
  error: { code: 'STORE_UNAVAILABLE', detail: expect.any(String), errors: [] },
};

const event = (index: number | string): string => JSON.stringify({ operation_detail: `event ${index}` });
const events = (count: number): string[] => Array.from({ length: count }, (_, index) => event(index));
const arrayOf = (items: readonly string[]): string => `[${items.join(',')}]`;

describe('a batch, its store in trouble', () => {
  let service: TestService;
  let raw: DataSource;
  beforeAll(async () => {
    service = await TestService.start();
    raw = await openRaw(service.store);
  });
  afterEach(() => void jest.restoreAllMocks());
  afterAll(async () => {
    await raw.destroy();
    await service.remove();
  });

  /** From its `nth` unit of work on, for `units` of them, the store is not there. */
  function loseStore(nth: number, units = Infinity): { readonly asked: number } {
    const transactions = service.get(TransactionRunner);
    const append: TransactionRunner['append'] = transactions.append.bind(transactions);
    const state = { asked: 0 };
    jest.spyOn(transactions, 'append').mockImplementation((ctx, work) => {
      state.asked += 1;
      const lost = state.asked >= nth && state.asked < nth + units;
      return lost ? Promise.reject(new StoreUnavailable(new Error('gone'))) : append(ctx, work);
    });
    return state;
  }

  it('says of an array which items landed and which did not, and asks for no more than it must', async () => {
    const before = await logSize(service);
    const store = loseStore(3);
    const { status, body } = await sendBatch(
      service,
      '/events/ingest/batch',
      [arrayOf(events(2_600))],
      JSON_TYPE,
    );
    expect([status, body.accepted, body.rejected, store.asked]).toEqual([207, 1_000, 1_600, 3]);
    expect(body.results.map((result: { index: number }) => result.index)).toEqual(
      events(2_600).map((_, i) => i),
    );
    expect(body.results.slice(0, 1_000).every((result: { status: number }) => result.status === 201)).toBe(
      true,
    );
    expect(body.results[1_000]).toEqual({ index: 1_000, ...UNAVAILABLE });
    expect(body.results[2_599]).toEqual({ index: 2_599, ...UNAVAILABLE });
    expect(await logSize(service)).toBe(before + 1_000);
  });

  it('rejects the lines that come while it is gone, and takes those that come after', async () => {
    const before = await logSize(service);
    loseStore(2, 1);
    const { status, lines } = await sendBatch(service, '/events/ingest/batch', [events(1_800).join('\n')]);
    expect(status).toBe(200);
    const { accepted, rejected } = lines.at(-1) as { accepted: number; rejected: number };
    expect(accepted + rejected).toBe(1_800);
    expect([accepted, rejected].every((count) => count > 0)).toBe(true);
    expect(lines.slice(0, -1)).toEqual(
      Array.from({ length: rejected }, (_, i) => ({ index: Number(lines[0].index) + i, ...UNAVAILABLE })),
    );
    expect(await logSize(service)).toBe(before + accepted);
  });

  it('takes every good item beside one that the store refuses', async () => {
    const before = await logSize(service);
    const statements =
      TEST_DIALECT === 'sqlite'
        ? [
            `CREATE TRIGGER poison BEFORE INSERT ON agent_audit_log WHEN NEW.operation_detail = 'event poison'
             BEGIN SELECT RAISE(ABORT, 'poison'); END`,
          ]
        : [
            `CREATE FUNCTION poison() RETURNS trigger LANGUAGE plpgsql AS
             $$ BEGIN RAISE EXCEPTION 'poison'; END $$`,
            `CREATE TRIGGER poison BEFORE INSERT ON agent_audit_log FOR EACH ROW
             WHEN (NEW.operation_detail = 'event poison') EXECUTE FUNCTION poison()`,
          ];
    for (const statement of statements) await raw.query(statement);
    const items = events(600);
    items[123] = event('poison');
    items[599] = event('poison');
    const { body } = await sendBatch(service, '/events/ingest/batch', [arrayOf(items)], JSON_TYPE);
    await raw.query(`DROP TRIGGER poison${TEST_DIALECT === 'sqlite' ? '' : ' ON agent_audit_log'}`);
    expect([body.accepted, body.rejected]).toEqual([598, 2]);
    const error = { code: 'INTERNAL', detail: expect.not.stringContaining('poison'), errors: [] };
    for (const index of [123, 599]) expect(body.results[index]).toEqual({ index, status: 500, error });
    expect(await logSize(service)).toBe(before + 598);
    const newest = await newestEntries(service, 500);
    expect(
      newest.reverse().map((entry: { operation: { detail: string } }) => entry.operation.detail),
    ).toEqual(
      Array.from({ length: 600 }, (_, i) => `event ${i}`)
        .filter((_, i) => i !== 123 && i !== 599)
        .slice(-500),
    );
  });

  it('is rejected as a whole where the store is locked, and goes on when it is not', async () => {
    const before = await logSize(service);
    const holder: QueryRunner = raw.createQueryRunner();
    for (const statement of BEGIN[TEST_DIALECT]) await holder.query(statement);
    if (TEST_DIALECT === 'postgres') await holder.query('SET LOCAL idle_in_transaction_session_timeout = 0');
    const { body } = await sendBatch(service, '/events/ingest/batch', [arrayOf(events(1_200))], JSON_TYPE);
    await holder.query('ROLLBACK');
    await holder.release();
    expect([body.accepted, body.rejected]).toEqual([0, 1_200]);
    expect(await logSize(service)).toBe(before);
    const { lines } = await sendBatch(service, '/events/ingest/batch', [events(3).join('\n')]);
    expect(lines).toEqual([{ accepted: 3, rejected: 0 }]);
  });
});

describe("a batch under an agent's key", () => {
  let service: TestService;
  let own: { id: string; name: string };
  let other: { id: string; name: string };
  beforeAll(async () => {
    service = await TestService.start({ RBAC_ENABLED: 'true' });
    own = await register(service, 'coder');
    other = await register(service, 'reviewer');
    await service.request('POST', '/agents', anAgent({ name: 'third' }));
  });
  afterAll(() => service.remove());

  it('keeps events of other agents under its own, with the claim', async () => {
    const { id, secret } = await aKey(service, 'admin', own);
    const text = `[{"agent_id":"${other.id}","agent_role":"admin"},{"agent_id":"coder"},{}]`;
    const { body } = await sendBatch(service, '/events/ingest/batch', [text], {
      ...JSON_TYPE,
      'x-api-key': secret,
    });
    expect(body.accepted).toBe(3);
    const entries = await newestEntries(service, 3);
    for (const entry of entries) {
      expect(entry.agent).toEqual({ agent_id: own.id, name: 'coder', role: 'developer' });
      expect(entry.principal).toEqual({ id, kind: 'agent', role: 'admin' });
      expect([entry.source, entry.route]).toEqual(['reported', null]);
    }
    expect(entries.map((entry: { context: object | null }) => entry.context)).toEqual([
      null,
      null,
      { claimed_agent: other.id, claimed_role: 'admin' },
    ]);
  });

  it.each([
    ['an array', JSON_TYPE, arrayOf],
    ['lines', NDJSON, (items: string[]) => items.join('\n')],
  ])('refuses metrics of other agents, and records each refusal: %s', async (_what, type, join) => {
    const { id, secret } = await aKey(service, 'admin', own);
    const items = [other.id, own.id, other.name, 'nobody'].map(
      (name) => `{"agent_id":"${name}","metric_type":"execution"}`,
    );
    const before = await logSize(service);
    const headers = { ...type, 'x-api-key': secret };
    const answer = await sendBatch(service, '/metrics/batch', [join(items)], headers);
    const results = (answer.body.results ?? answer.lines) as { index: number; status: number }[];
    const refused = results.filter((result) => result.status >= 400);
    expect(refused.map((result) => [result.index, result.status])).toEqual([
      [0, 403],
      [2, 403],
      [3, 404],
    ]);
    expect(refused[0]).toMatchObject({ error: { code: 'NOT_OWN_AGENT' } });
    const entries = await newestEntries(service, (await logSize(service)) - before);
    const types = entries.map((entry: { operation: { type: string } }) => entry.operation.type);
    expect(types.sort()).toEqual(['access.denied', 'access.denied', 'metric.record']);
    for (const entry of entries)
      expect(entry).toMatchObject({
        route: 'POST /api/v1/metrics/batch',
        principal: { id, kind: 'agent' },
        trace_id: answer.headers['x-request-id'],
      });
    const denied = entries.find((entry: { outcome: string }) => entry.outcome === 'denied');
    expect(denied).toMatchObject({
      target: { resource: '/api/v1/metrics/batch' },
      agent: { agent_id: own.id },
      context: { code: 'NOT_OWN_AGENT' },
    });
  });

  it('says 503 of a refusal that cannot be recorded', async () => {
    const { secret } = await aKey(service, 'tester', own);
    const gone = () => Promise.reject(new StoreUnavailable(new Error('gone')));
    const spy = jest.spyOn(service.get(TransactionRunner), 'append').mockImplementation(gone);
    const text = `[{"agent_id":"${other.id}","metric_type":"execution"},{}]`;
    const { body } = await sendBatch(service, '/metrics/batch', [text], {
      ...JSON_TYPE,
      'x-api-key': secret,
    });
    spy.mockRestore();
    expect(body.results[0]).toEqual({ index: 0, ...UNAVAILABLE });
    expect(body.results[1]).toMatchObject({ index: 1, status: 422 });
  });

  it('is refused before its body is read where the key is none', async () => {
    const headers = { ...NDJSON, 'x-api-key': 'wrong' };
    const { status, body } = await sendBatch(service, '/events/ingest/batch', ['{}\n'], headers);
    expect([status, body.code]).toEqual([401, 'UNAUTHENTICATED']);
    const key = await aKey(service, 'tester', own);
    await service.get(ApiKeysService).revoke(systemContext('test'), key.id);
    const revoked = await sendBatch(service, '/metrics/batch', ['{}'], {
      ...NDJSON,
      'x-api-key': key.secret,
    });
    expect(revoked.status).toBe(401);
  });
});
