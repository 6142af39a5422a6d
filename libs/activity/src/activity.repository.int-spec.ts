import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DataSource } from 'typeorm';
import type { DatabaseUrl } from '#config';
import { connectionOptions, insertRows, MIGRATIONS, prepareFile, Reader, Store } from '#persistence';
import { ActivityRepository } from './activity.repository.js';

const COLUMNS = [
  'seq',
  'audit_id',
  'agent_id',
  'agent_name',
  'agent_role',
  'operation_type',
  'rbac_decision',
  'cost_micro',
  'recorded_at',
  'source',
  'principal_id',
  'principal_kind',
  'principal_role',
  'trace_id',
  'text_salt',
  'text_hash',
  'leaf_hash',
];
const START = Date.UTC(2026, 0, 5);
const MINUTE_MS = 60_000;
const ENTRIES = 1_000;
const ALL = { skip: 0, limit: ENTRIES };

/** One entry a minute, whose clock is now and then half an hour behind; every tenth is of the agent `quiet`. */
function timeOf(seq: number): number {
  return START + seq * MINUTE_MS - (seq % 7 === 0 ? 30 * MINUTE_MS : 0);
}

function agentOf(seq: number): string {
  return seq <= 100 && seq % 10 === 0 ? 'quiet' : 'busy';
}

function toRow(seq: number): unknown[] {
  const agent = agentOf(seq);
  const who = ['reported', 'local', 'anonymous', 'admin', 't', seq === 80 ? null : 's', 'h', 'l'];
  return [seq, `id-${seq}`, agent, agent, 'developer', 'tool_use', 'allowed', seq, timeOf(seq), ...who];
}

describe('ActivityRepository', () => {
  const folder = mkdtempSync(join(tmpdir(), 'activity-'));
  const database: DatabaseUrl = { dialect: 'sqlite', file: join(folder, 'store.db') };
  const sources: DataSource[] = [];
  let store: Store;
  let repository: ActivityRepository;

  beforeAll(async () => {
    prepareFile(database);
    for (const use of ['write', 'read'] as const) {
      const migrations = use === 'write' ? MIGRATIONS : [];
      sources.push(await new DataSource({ ...connectionOptions(database, use), migrations }).initialize());
    }
    const [write, read] = sources as [DataSource, DataSource];
    store = new Store(database, write, read);
    await store.open();
    repository = new ActivityRepository(new Reader(store));
    expect((await repository.findNewest({ since: 0 }, ALL)).items).toEqual([]);
    const rows = Array.from({ length: ENTRIES }, (_, i) => toRow(i + 1)).filter(([seq]) => Number(seq) > 20);
    await insertRows(
      { dialect: 'sqlite', query: (sql, parameters) => write.query(sql, [...(parameters ?? [])]) },
      'agent_audit_log',
      COLUMNS,
      rows,
    );
  });

  afterAll(async () => {
    await store.release();
    for (const source of sources) await source.destroy();
    rmSync(folder, { recursive: true });
  });

  it.each([0, 1, 21, 22, 99, 500, 513, 999, 1000, 1001, 2000])(
    'finds, newest first, what is not older than minute %d',
    async (minute) => {
      const since = START + minute * MINUTE_MS;
      const expected = Array.from({ length: ENTRIES }, (_, i) => ENTRIES - i).filter(
        (seq) => seq > 20 && timeOf(seq) >= since,
      );
      const { items } = await repository.findNewest({ since }, ALL);
      expect(items.map(({ activityId }) => activityId)).toEqual(expected.map((seq) => `id-${seq}`));
    },
  );

  it('finds one agent, a page at a time', async () => {
    const page = { skip: 1, limit: 2 };
    const { items, next } = await repository.findNewest({ agentId: 'quiet', since: START }, page);
    expect(next).toEqual([80]);
    expect(items).toEqual([
      {
        activityId: 'id-90',
        agentId: 'quiet',
        agentName: 'quiet',
        operationType: 'tool_use',
        operationDetail: null,
        rbacDecision: 'allowed',
        recordedAt: timeOf(90),
        costMicro: 90,
        tokensUsed: null,
        erased: false,
      },
      expect.objectContaining({ activityId: 'id-80', erased: true }),
    ]);
  });

  it('finds nothing of an agent that has been quiet for longer', async () => {
    const since = START + 500 * MINUTE_MS;
    expect((await repository.findNewest({ agentId: 'quiet', since }, ALL)).items).toEqual([]);
  });
});
