import { AuditRepository } from '#audit';
import type { Page, Place } from '#contract';
import type { Reader } from '#persistence';
import { type ActivityFilter, ActivityRepository } from '../../libs/activity/src/activity.repository.js';
import { FleetReadModel } from '../../libs/activity/src/fleet/fleet.read-model.js';
import { TimelineRepository } from '../../libs/activity/src/fleet/timeline.repository.js';
import { AgentsReadModel } from '../../libs/agents/src/agents.read-model.js';
import { AlertsRepository } from '../../libs/alerts/src/alerts.repository.js';
import { type ApprovalFilter, ApprovalsRepository } from '../../libs/approvals/src/approvals.repository.js';
import { CheckpointsRepository } from '../../libs/audit/src/checkpoints/checkpoints.repository.js';
import { HoldsRepository } from '../../libs/audit/src/retention/holds.repository.js';
import { DeadLettersRepository } from '../../libs/audit/src/sinks/dead-letters.repository.js';
import { SinksRepository } from '../../libs/audit/src/sinks/sinks.repository.js';
import { LedgerRepository } from '../../libs/budget/src/ledger.repository.js';
import { PolicyVersionsRepository } from '../../libs/decisions/src/policy-versions.repository.js';
import { MetricsRepository } from '../../libs/metrics/src/metrics.repository.js';
import { ApiKeysRepository } from '../../libs/rbac/src/api-keys.repository.js';
import { TEST_DIALECT } from '../support/store.js';

const SQLITE = TEST_DIALECT === 'sqlite';
/** How a plan names the primary key of a table. */
export const keyOf = (table: string): string => (SQLITE ? table : `${table}_pkey`);
export const LOG_KEY = keyOf('agent_audit_log');
const BY_NAME = SQLITE ? 'agent_identities_live_name' : 'agent_identities_by_name';

interface List {
  readonly place: Place;
  /** What its order is of. */
  readonly order: string;
  readonly read: (reader: Reader, filter: object, page: Page) => Promise<unknown>;
  /** Which index leads, for which filters. */
  readonly cases: readonly (readonly [filter: object, index: string])[];
}

const today = { today: () => ({ date: '2026-01-05' }) };
const PERIOD = { from: 1, to: 60 };

/** Every list that is read page by page, by the index that leads for each of its filters. */
export const LISTS: Readonly<Record<string, List>> = {
  audit: {
    place: [50],
    order: 'seq',
    read: (reader, filter, page) => new AuditRepository(reader).findNewest(filter, page),
    cases: [
      [{}, LOG_KEY],
      [{ agentId: 'a' }, 'agent_audit_log_agent'],
      [{ operationType: 'a' }, 'agent_audit_log_operation'],
      [{ rbacDecision: 'denied' }, 'agent_audit_log_decision'],
      [{ agentRole: 'tester' }, 'agent_audit_log_role'],
      [{ targetType: 'file' }, 'agent_audit_log_target_type'],
      [{ traceId: 't' }, 'agent_audit_log_trace'],
      [{ from: 1 }, LOG_KEY],
      [{ to: 60 }, LOG_KEY],
      [PERIOD, LOG_KEY],
      [{ traceId: 't', ...PERIOD }, 'agent_audit_log_trace'],
      [{ agentId: 'a', ...PERIOD }, 'agent_audit_log_agent'],
      ...(SQLITE
        ? ([
            [{ agentId: 'a', operationType: 'a' }, 'agent_audit_log_agent'],
            [{ agentId: 'a', rbacDecision: 'denied' }, 'agent_audit_log_agent'],
            [{ agentId: 'a', traceId: 't' }, 'agent_audit_log_trace'],
            [{ operationType: 'tool_use', rbacDecision: 'denied' }, 'agent_audit_log_decision'],
            [{ operationType: 'agent.register', rbacDecision: 'allowed' }, 'agent_audit_log_operation'],
            [{ targetType: 'file', agentRole: 'tester' }, 'agent_audit_log_role'],
            [{ operationType: 'tool_use', agentRole: 'developer' }, 'agent_audit_log_operation'],
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
  'active agents': {
    place: [50],
    order: 'seq',
    read: (reader, filter, page) =>
      new FleetReadModel(reader).findActive({ silentSince: 7, ...filter }, page),
    cases: [
      [{}, 'fleet_activities_going_on'],
      [{ agentId: 'a' }, 'fleet_activities_of_agent'],
      [{ role: 'a', status: 'idle' }, 'fleet_activities_going_on'],
    ],
  },
  sessions: {
    place: [50],
    order: 'seq',
    read: (reader, filter, page) =>
      new FleetReadModel(reader).findSessions({ silentSince: 7, own: false, ...filter }, page),
    cases: [
      [{}, 'fleet_sessions_newest'],
      [{ since: 5 }, 'fleet_sessions_newest'],
      [{ active: false }, 'fleet_sessions_newest'],
      [{ agentId: 'a' }, 'fleet_activities_newest'],
      [{ agentId: 'a', own: true, active: true }, 'fleet_activities_newest'],
    ],
  },
  timeline: {
    place: [50],
    order: 'seq',
    read: (reader, _filter, page) => new TimelineRepository(reader).find(1, undefined, 'newest', page),
    cases: [[{}, 'fleet_entries_of_session']],
  },
  alerts: {
    place: [50],
    order: 'seq',
    read: (reader, filter, page) => new AlertsRepository(reader).findNewest(filter, page),
    cases: [
      [{}, 'agent_audit_log_alerts'],
      [{ agentId: 'a', rule: 'r' }, 'agent_audit_log_alerts'],
    ],
  },
  checkpoints: {
    place: [50],
    order: 'number',
    read: (reader, _filter, page) => new CheckpointsRepository(reader).findPage(page),
    cases: [[{}, keyOf('audit_checkpoints')]],
  },
  holds: {
    place: [50, 'x'],
    order: 'pair',
    read: (reader, _filter, page) => new HoldsRepository(reader).findPage(page),
    cases: [[{}, 'audit_holds_placed']],
  },
  sinks: {
    place: [50, 'x'],
    order: 'pair',
    read: (reader, _filter, page) => new SinksRepository(reader).findPage(page),
    cases: [[{}, 'audit_sinks_created']],
  },
  'dead letters': {
    place: [50, 'x'],
    order: 'pair',
    read: (reader, _filter, page) => new DeadLettersRepository(reader).findPage('s', page),
    cases: [[{}, 'audit_dead_letters_of_sink']],
  },
};
