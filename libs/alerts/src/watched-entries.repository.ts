import { Injectable } from '@nestjs/common';
import { type Dialect, Reader } from '#persistence';
import { type AlertKind, MAX_COUNTED } from '#rbac';
import { DISORDER_MS } from './rules/sliding-window.js';
import type { CountedKind, Observation, WatchedEntry } from './watched-entry.js';

/** How much of the log one query goes through. */
const WINDOW = 5_000;
/** How many entries are judged at once. */
const MOST = 500;

/** The next part of the log: what rules may be about, up to an entry. */
export interface LogPart {
  readonly from: number;
  readonly to: number;
  /** The log goes on behind it. */
  readonly isCut: boolean;
  readonly entries: readonly WatchedEntry[];
}

interface Row {
  readonly seq: number;
  readonly audit_id: string;
  readonly trace_id: string;
  readonly agent_id: string;
  readonly agent_name: string;
  readonly agent_role: string;
  readonly operation_type: string;
  readonly operation_detail: string | null;
  readonly rbac_decision: string;
  readonly recorded_at: number;
  readonly context: string | null;
}

/** Whether a member stands in a context as this service writes it: in texts of clients quotes are escaped. */
const HAS: Readonly<Record<Dialect, (text: string) => string>> = {
  sqlite: (text) => `instr(context, '${text}') > 0`,
  postgres: (text) => `strpos(context, '${text}') > 0`,
};

/** A charge that names somebody who is not registered, or a check for one; of the check that is not certain yet. */
const unknownAgent = (dialect: Dialect): string =>
  `((operation_type = 'rbac.check' AND ${HAS[dialect]('"rights":null')})
    OR (operation_type = 'budget.deduct' AND agent_id = 'unknown' AND ${HAS[dialect]('"claimed_agent":')}))`;

const CONDITIONS: Readonly<Record<AlertKind, ((dialect: Dialect) => string) | null>> = {
  denials: () => `(rbac_decision = 'denied' AND agent_id <> 'system')`,
  budget_step: () => `operation_type = 'budget.threshold'`,
  failure_rate: () => `operation_type = 'agent.complete'`,
  unknown_agent: unknownAgent,
  approvals_waiting: null,
};

/** Which of an agent's entries windows count, each found by an index of its own. */
const COUNTED: Readonly<Record<CountedKind, { where: string; failed: (dialect: Dialect) => string }>> = {
  denials: { where: `rbac_decision = 'denied'`, failed: () => '0' },
  failure_rate: {
    where: `operation_type = 'agent.complete'`,
    failed: (dialect) =>
      `CASE WHEN ${HAS[dialect]('"success":false')} THEN 1 WHEN ${HAS[dialect]('"success":true')} THEN 0 END`,
  },
};

/** Reads of the log what rules are about. Only what this service decided: reports raise nothing. */
@Injectable()
export class WatchedEntriesRepository {
  constructor(private readonly reader: Reader) {}

  /** What comes next for rules of these kinds; null at the end of the log. */
  async next(kinds: ReadonlySet<AlertKind>): Promise<LogPart | null> {
    const [at] = await this.reader.query<{ mark: number; size: number }>(
      'SELECT p.seq AS mark, h.size FROM alert_progress p JOIN agent_audit_head h ON h.id = p.id WHERE p.id = 1',
    );
    if (!at) throw new Error('the log has no head');
    const from = at.mark;
    const end = Math.min(at.size, from + WINDOW);
    if (end <= from) return null;
    const entries = await this.find(kinds, from, end);
    const to = entries.length === MOST ? (entries.at(-1)?.seq ?? end) : end;
    return { from, to, isCut: to < at.size, entries };
  }

  /**
   * The newest of what windows count of an agent, at most as many as they hold.
   * @param times the first and the last that may be asked about, milliseconds UTC. @param upTo the last entry.
   */
  async findCounted(
    kind: CountedKind,
    agentId: string,
    times: { readonly after: number; readonly last: number },
    upTo: number,
  ): Promise<Observation[]> {
    const { dialect } = this.reader;
    const { where, failed } = COUNTED[kind];
    // The index by agent and number would do as well, were it not that all of an agent's entries are in it.
    const seq = dialect === 'sqlite' ? '+seq' : 'seq';
    const rows = await this.reader.query<{ at: number; failed: number | null }>(
      `SELECT recorded_at AS at, ${failed(dialect)} AS failed FROM agent_audit_log
       WHERE source = 'decided' AND ${where} AND agent_id = ? AND recorded_at > ? AND recorded_at <= ? AND ${seq} <= ?
       ORDER BY recorded_at DESC LIMIT ${MAX_COUNTED}`,
      [agentId, times.after, times.last + DISORDER_MS, upTo],
    );
    return rows.filter((row) => row.failed !== null).map(({ at, failed }) => ({ at, failed: failed === 1 }));
  }

  private async find(kinds: ReadonlySet<AlertKind>, from: number, to: number): Promise<WatchedEntry[]> {
    const { dialect } = this.reader;
    const conditions = [...kinds].flatMap((kind) => CONDITIONS[kind]?.(dialect) ?? []);
    if (conditions.length === 0) return [];
    const needsContext = `operation_type IN ('budget.threshold', 'agent.complete') OR ${unknownAgent(dialect)}`;
    const rows = await this.reader.select<Row>(
      [
        ...['seq', 'audit_id', 'trace_id', 'agent_id', 'agent_name', 'agent_role', 'operation_type'],
        ...['operation_detail', 'rbac_decision', 'recorded_at'],
        `CASE WHEN ${needsContext} THEN context END AS context`,
      ],
      `FROM agent_audit_log WHERE seq > ? AND seq <= ? AND source = 'decided' AND (${conditions.join(' OR ')})
       ORDER BY seq LIMIT ${MOST}`,
      [from, to],
    );
    return rows.map(toWatchedEntry);
  }
}

function toWatchedEntry(row: Row): WatchedEntry {
  return {
    ...{ seq: row.seq, auditId: row.audit_id, traceId: row.trace_id, at: row.recorded_at },
    agent: { agentId: row.agent_id, name: row.agent_name, role: row.agent_role },
    ...{ operationType: row.operation_type, operationDetail: row.operation_detail },
    decision: row.rbac_decision,
    context: row.context === null ? null : (JSON.parse(row.context) as Record<string, unknown>),
  };
}
