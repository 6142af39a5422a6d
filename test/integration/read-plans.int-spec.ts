import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { EntityTarget, ObjectLiteral } from 'typeorm';
import { AuditRepository } from '#audit';
import type { Page, Place } from '#contract';
import { placeholders, Reader } from '#persistence';
import { type ActivityFilter, ActivityRepository } from '../../libs/activity/src/activity.repository.js';
import { AgentsReadModel } from '../../libs/agents/src/agents.read-model.js';
import { type ApprovalFilter, ApprovalsRepository } from '../../libs/approvals/src/approvals.repository.js';
import { LedgerRepository } from '../../libs/budget/src/ledger.repository.js';
import { PolicyVersionsRepository } from '../../libs/decisions/src/policy-versions.repository.js';
import { MetricsRepository } from '../../libs/metrics/src/metrics.repository.js';
import { ApiKeysRepository } from '../../libs/rbac/src/api-keys.repository.js';
import { OpenedStore } from '../support/opened-store.js';
import { newTestStore, TEST_DIALECT } from '../support/store.js';

interface Asked {
  readonly sql: string;
  readonly parameters: readonly unknown[];
}

/** A reader that notes the pages it is asked for; what counts a whole list is none. */
class NotingReader extends Reader {
  readonly asked: Asked[] = [];

  override query<Row = unknown>(sql: string, parameters: readonly unknown[] = []): Promise<Row[]> {
    if (!sql.includes('COUNT(*)')) this.asked.push({ sql: placeholders(this.dialect, sql), parameters });
    return super.query<Row>(sql, parameters);
  }

  override repository<Entity extends ObjectLiteral>(entity: EntityTarget<Entity>) {
    const repository = super.repository(entity);
    const create = repository.createQueryBuilder.bind(repository);
    repository.createQueryBuilder = (...args) => {
      const builder = create(...args);
      const getMany = builder.getMany.bind(builder);
      builder.getMany = () => {
        const [sql, parameters] = builder.getQueryAndParameters();
        this.asked.push({ sql, parameters: parameters as unknown[] });
        return getMany();
      };
      return builder;
    };
    return repository;
  }
}

const SQLITE = TEST_DIALECT === 'sqlite';
/** How a plan names the primary key of the log. */
const LOG_KEY = SQLITE ? 'agent_audit_log' : 'agent_audit_log_pkey';
const BY_NAME = SQLITE ? 'agent_identities_live_name' : 'agent_identities_by_name';
/** How a plan names a search that begins at a cursor's place. */
const BEHIND: Readonly<Record<string, string>> = SQLITE
  ? {
      seq: '(rowid|seq)<\\?',
      pair: '_at,\\w+id\\)<',
      ascending: '_at,\\w+id\\)>',
      version: '_at,version\\)<',
      name: 'name>',
    }
  : {
      seq: '\\(seq <',
      pair: '_id\\) < ROW',
      ascending: '_id\\) > ROW',
      version: 'version\\) < ROW',
      name: '> .b.',
    };

interface List {
  readonly place: Place;
  /** The key of `BEHIND`. */
  readonly order: string;
  readonly read: (reader: Reader, filter: object, page: Page) => Promise<unknown>;
  /** Which index leads, for which filters. */
  readonly cases: readonly (readonly [filter: object, index: string])[];
}

const today = { today: () => ({ date: '2026-01-05' }) };
const PERIOD = { from: 1, to: 60 };

const LISTS: Readonly<Record<string, List>> = {
  audit: {
    place: [50],
    order: 'seq',
    read: (reader, filter, page) => new AuditRepository(reader).findNewest(filter, page),
    cases: [
      [{}, LOG_KEY],
      [{ agentId: 'a' }, 'agent_audit_log_agent'],
      [{ operationType: 'a' }, 'agent_audit_log_operation'],
      [{ rbacDecision: 'denied' }, 'agent_audit_log_decision'],
      [{ agentRole: 'tester' }, LOG_KEY],
      [{ targetType: 'file' }, LOG_KEY],
      [{ traceId: 't' }, LOG_KEY],
      [{ from: 1 }, LOG_KEY],
      [{ to: 60 }, LOG_KEY],
      [PERIOD, LOG_KEY],
      [{ traceId: 't', ...PERIOD }, LOG_KEY],
      [{ agentId: 'a', ...PERIOD }, 'agent_audit_log_agent'],
      ...(SQLITE
        ? ([
            [{ agentId: 'a', operationType: 'a' }, 'agent_audit_log_agent'],
            [{ agentId: 'a', rbacDecision: 'denied' }, 'agent_audit_log_agent'],
          ] as const)
        : []),
    ],
  },
  activity: {
    place: [50],
    order: 'seq',
    read: (reader, filter, page) => new ActivityRepository(reader).findNewest(filter as ActivityFilter, page),
    cases: [
      [{ since: 5 }, LOG_KEY],
      [{ since: 5, agentId: 'a' }, 'agent_audit_log_agent'],
    ],
  },
  metrics: {
    place: [50, 'x'],
    order: 'pair',
    read: (reader, filter, page) => new MetricsRepository(reader).findNewest(filter, page),
    cases: [
      [{}, 'agent_metrics_recorded'],
      [{ agentId: 'a' }, 'agent_metrics_agent'],
      [{ metricType: 'cost' }, 'agent_metrics_type'],
      [PERIOD, 'agent_metrics_recorded'],
      [{ agentId: 'a', ...PERIOD }, 'agent_metrics_agent'],
      [{ metricType: 'cost', ...PERIOD }, 'agent_metrics_type'],
      ...(SQLITE ? ([[{ agentId: 'a', metricType: 'cost' }, 'agent_metrics_agent']] as const) : []),
    ],
  },
  ledger: {
    place: [50, 'x'],
    order: 'pair',
    read: (reader, filter, page) => new LedgerRepository(reader).findNewest(filter, page),
    cases: [
      [{}, 'budget_ledger_charged'],
      [{ account: 'a' }, 'budget_ledger_account'],
      [PERIOD, 'budget_ledger_charged'],
      [{ account: 'a', ...PERIOD }, 'budget_ledger_account'],
    ],
  },
  approvals: {
    place: [50, 'x'],
    order: 'pair',
    read: (reader, filter, page) =>
      new ApprovalsRepository(reader).findPage(filter as ApprovalFilter, page, 7),
    cases: [
      [{}, 'approvals_requested'],
      [{ agentId: 'a' }, 'approvals_agent'],
      [{ status: 'pending' }, 'approvals_status'],
      [{ status: 'denied' }, 'approvals_status'],
      [{ status: 'expired' }, 'approvals_requested'],
      [{ agentId: 'a', status: 'expired' }, 'approvals_agent'],
    ],
  },
  agents: {
    place: ['b'],
    order: 'name',
    read: (reader, filter, page) => new AgentsReadModel(reader, today as never).list(filter, page),
    cases: [
      {},
      { role: 'a' },
      { category: 'a' },
      { specialist: true },
      { q: 'a' },
      { tag: 'a' },
      { capability: 'a' },
      { agentIds: ['a'] },
    ].map((filter) => [filter, BY_NAME] as const),
  },
  keys: {
    place: [50, 'x'],
    order: 'ascending',
    read: (reader, _filter, page) => new ApiKeysRepository(reader).findPage(page),
    cases: [[{}, 'api_keys_created']],
  },
  'policy versions': {
    place: [50, 'x'],
    order: 'version',
    read: (reader, _filter, page) => new PolicyVersionsRepository(reader).findPage(page),
    cases: [[{}, 'policy_versions_loaded']],
  },
};

const CASES = Object.entries(LISTS).flatMap(([name, { cases }]) =>
  cases.map(([filter, index]) => ({ name, filter, asked: JSON.stringify(filter), index })),
);

describe('the plan of a list', () => {
  const test = newTestStore();
  let opened: OpenedStore;
  let reader: NotingReader;
  beforeAll(async () => {
    opened = await OpenedStore.open(test);
  });
  beforeEach(() => {
    reader = new NotingReader(opened.store);
  });
  afterAll(async () => {
    await opened.close();
    await test.remove();
  });

  /** On PostgreSQL what it is where tables are too large to be read or sorted: these are empty. */
  async function planOf({ sql, parameters }: Asked): Promise<string> {
    const runner = opened.store.readSource.createQueryRunner();
    if (SQLITE) {
      const rows = (await runner.query(`EXPLAIN QUERY PLAN ${sql}`, [...parameters])) as { detail: string }[];
      return rows.map(({ detail }) => detail).join('\n');
    }
    for (const scan of ['seqscan', 'bitmapscan']) await runner.query(`SET enable_${scan} = off`);
    const rows = (await runner.query(`EXPLAIN ${sql}`, [...parameters])) as Record<string, string>[];
    for (const scan of ['seqscan', 'bitmapscan']) await runner.query(`RESET enable_${scan}`);
    await runner.release();
    return rows.map((row) => row['QUERY PLAN']).join('\n');
  }

  async function plansOf(name: string, filter: object, after?: Place): Promise<string[]> {
    await LISTS[name]!.read(reader, filter, { skip: 0, limit: 10, ...(after ? { after } : {}) });
    expect(reader.asked).toHaveLength(1);
    return Promise.all(reader.asked.map(planOf));
  }

  const UNSORTED = expect.not.stringMatching(/TEMP B-TREE|\bSort\b|Seq Scan on agent|Bitmap/);

  it.each(CASES)('of $name walks $index in its order for $asked', async ({ name, filter, index }) => {
    const [plan] = await plansOf(name, filter);
    expect(plan).toEqual(UNSORTED);
    const walks = new RegExp(
      SQLITE ? `^(SCAN|SEARCH) \\w+ USING INDEX ${index}\\b` : `Index Scan (Backward )?using ${index} on`,
      'm',
    );
    // The log is itself the tree of its primary key.
    const walksLog = /^(SCAN agent_audit_log|SEARCH agent_audit_log USING INTEGER PRIMARY KEY .*)$/m;
    expect(plan).toMatch(SQLITE && index === LOG_KEY ? walksLog : walks);
  });

  it.each(CASES)('of $name begins at the place of a cursor, for $asked', async ({ name, filter, index }) => {
    const { place, order } = LISTS[name]!;
    const [plan] = await plansOf(name, filter, place);
    expect(plan).toEqual(UNSORTED);
    const search = SQLITE
      ? `^SEARCH \\w+ USING (INTEGER PRIMARY KEY|INDEX ${index}) \\(.*${BEHIND[order]}`
      : `Index Scan (Backward )?using ${index} on .*\n +Index Cond: .*${BEHIND[order]}`;
    expect(plan).toMatch(new RegExp(search, 'm'));
  });
});
