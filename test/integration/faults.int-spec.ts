import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { DataSource, QueryRunner } from 'typeorm';
import { systemContext, TransactionRunner } from '#kernel';
import { Reader, storeOf } from '#persistence';
import { BEGIN } from '../../libs/persistence/src/dialect.js';
import { eventually } from '../support/eventually.js';
import { openRaw, upTo } from '../support/opened-store.js';
import { type Answer, anAgent, TestService } from '../support/service.js';
import { TEST_DIALECT } from '../support/store.js';

const on = (dialect: string) => (TEST_DIALECT === dialect ? describe : describe.skip);

function expectUnavailable(answer: Answer): void {
  expect(answer).toMatchObject({ status: 503, body: { code: 'STORE_UNAVAILABLE', status: 503 } });
  expect(answer.headers.get('retry-after')).toMatch(/^\d+$/);
  expect(answer.headers.get('content-type')).toContain('application/problem+json');
}

describe('the service, its database in trouble', () => {
  let service: TestService;
  let raw: DataSource;
  beforeAll(async () => {
    service = await TestService.start();
    raw = await openRaw(service.store);
  });
  afterAll(async () => {
    await raw.destroy();
    await service.remove();
  });

  const ingest = (detail: string): Promise<Answer> =>
    service.request('POST', '/events/ingest', { agent_id: 'coder', operation_detail: detail });

  /** The log's sequence numbers, and the details of what was reported. */
  async function log(): Promise<{ seq: number[]; details: string[] }> {
    const rows = await raw.query<{ seq: number; source: string; operation_detail: string }[]>(
      'SELECT seq, source, operation_detail FROM agent_audit_log ORDER BY seq',
    );
    const reported = rows.filter((row) => row.source === 'reported');
    return { seq: rows.map((row) => row.seq), details: reported.map((row) => row.operation_detail) };
  }

  describe('locked by another process for longer than it waits', () => {
    let holder: QueryRunner;
    beforeEach(async () => {
      holder = raw.createQueryRunner();
      for (const statement of BEGIN[TEST_DIALECT]) await holder.query(statement);
      // This one is alive and would not be ended for being idle.
      if (TEST_DIALECT === 'postgres')
        await holder.query('SET LOCAL idle_in_transaction_session_timeout = 0');
    });
    afterEach(async () => {
      await holder.query('ROLLBACK').catch(() => undefined);
      await holder.release();
    });

    it('answers 503 to writes, reads on, and goes on when the lock is gone', async () => {
      const answers = await Promise.all([
        ingest('locked out'),
        service.request('POST', '/agents', anAgent({ name: 'locked-out' })),
        service.request('POST', '/budget/deduct', { tokens_used: 1, cost_usd: 1 }),
      ]);
      for (const answer of answers) expectUnavailable(answer);
      expect(await service.request('GET', '/events/audit')).toMatchObject({ status: 200, body: [] });
      expect(await service.request('GET', '//health')).toMatchObject({ status: 200 });
      await holder.query('ROLLBACK');
      expect(await ingest('let in')).toMatchObject({ status: 201, body: { seq: 1 } });
      expect(await log()).toEqual({ seq: [1], details: ['let in'] });
      expect(await service.request('GET', '/agents')).toMatchObject({ status: 200, body: [] });
    }, 30_000);
  });

  on('postgres')('whose connections are cut', () => {
    /** Ends whoever holds, or waits for, a lock on this store's log head: the writer, while it commits. */
    function cutWriter(): Promise<{ pid: number }[]> {
      return raw.query(
        `SELECT pg_terminate_backend(pid) FROM pg_locks
         WHERE relation = 'agent_audit_head'::regclass AND pid <> pg_backend_pid()`,
      );
    }

    it('answers 503 or 201 and never half, while the writer is cut off again and again', async () => {
      const before = await log();
      const answered: { detail: string; status: number }[] = [];
      const state = { cutting: true };
      const cutter = (async () => {
        let cuts = 0;
        while (state.cutting) cuts += (await cutWriter()).length;
        return cuts;
      })();
      const clients = Promise.all(
        upTo(8).map(async (client) => {
          for (const round of upTo(20)) {
            const detail = `${client}/${round}`;
            const answer = await ingest(detail);
            if (answer.status !== 201) expectUnavailable(answer);
            answered.push({ detail, status: answer.status });
          }
        }),
      );
      await clients.finally(() => (state.cutting = false));
      expect(await cutter).toBeGreaterThan(0);
      expect(await ingest('after the cuts')).toMatchObject({ status: 201 });
      const after = await log();
      expect(after.seq).toEqual(upTo(after.seq.length));
      const details = after.details.slice(before.details.length);
      expect(new Set(details).size).toBe(details.length);
      const acknowledged = answered.filter((each) => each.status === 201).map((each) => each.detail);
      expect(details).toEqual(expect.arrayContaining([...acknowledged, 'after the cuts']));
    }, 60_000);

    it('serves again after its idle connections were cut', async () => {
      const ask = 'SELECT pg_backend_pid() AS pid, pg_sleep(0.05)';
      const reader = service.get(Reader);
      const ctx = systemContext('test');
      const found = await Promise.all([
        ...upTo(8).map(() => reader.query<{ pid: number }>(ask)),
        service.get(TransactionRunner).run(ctx, (tx) => storeOf(tx).query<{ pid: number }>(ask)),
      ]);
      for (const { pid } of found.flat()) await raw.query('SELECT pg_terminate_backend($1)', [pid]);
      await eventually('a read', async () => (await service.request('GET', '/events/audit')).status === 200);
      await eventually('a write', async () => (await ingest('again')).status === 201);
    });
  });
});
