import { type Dialect, Where } from '#persistence';
import { type SeqBound, seqBounds } from './log-times.js';

/** Which entries of the log. */
export interface AuditFilter {
  readonly agentId?: string | undefined;
  readonly agentRole?: string | undefined;
  readonly operationType?: string | undefined;
  readonly targetType?: string | undefined;
  readonly rbacDecision?: string | undefined;
  readonly traceId?: string | undefined;
  /** All of them, as `wordsOf` gives them. */
  readonly words?: ReadonlySet<string> | undefined;
  /** Milliseconds UTC, included. */
  readonly from?: number | null;
  /** Milliseconds UTC, excluded. */
  readonly to?: number | null;
}

/** The rows to look through, and by which number they are in the order of the log. */
interface Source {
  readonly from: string;
  readonly seq: string;
  readonly bounds: { readonly from: SeqBound; readonly to: SeqBound };
}

const source = (from: string, seq: string): Source => {
  return { from, seq, bounds: seqBounds('agent_audit_log', seq) };
};
const LOG = source('agent_audit_log', 'seq');
/** The index of words leads: each of the numbers it finds is looked up in the log. */
const FOUND: Readonly<
  Record<Dialect, Source & { readonly match: string; readonly query: (words: string[]) => string }>
> = {
  sqlite: {
    ...source('audit_text CROSS JOIN agent_audit_log ON seq = audit_text.rowid', 'audit_text.rowid'),
    match: 'audit_text MATCH ?',
    query: (words) => words.map((word) => `"${word}"`).join(' '),
  },
  postgres: {
    ...source('audit_text JOIN agent_audit_log ON seq = entry', 'entry'),
    match: 'words @@ CAST(? AS tsquery)',
    query: (words) => words.map((word) => `'${word}'`).join(' & '),
  },
};

/** What follows `SELECT … FROM`, but for the bounds of `seq` and the order. */
export function logQuery(filter: AuditFilter, dialect: Dialect): Source & { readonly where: Where } {
  return { ...(filter.words ? FOUND[dialect] : LOG), where: toWhere(filter, dialect) };
}

function toWhere(filter: AuditFilter, dialect: Dialect): Where {
  const { agentId, from, words } = filter;
  // An agent's entries are fewer than everybody's of one kind. SQLite keeps no statistics to know; `+` tells it.
  const beside = agentId !== undefined && dialect === 'sqlite' ? '+' : '';
  return new Where()
    .and(FOUND[dialect].match, words && FOUND[dialect].query([...words]))
    .and('agent_id = ?', agentId)
    .and(`${beside}operation_type = ?`, filter.operationType)
    .and(`${beside}rbac_decision = ?`, filter.rbacDecision)
    .and('agent_role = ?', filter.agentRole)
    .and('target_type = ?', filter.targetType)
    .and('trace_id = ?', filter.traceId)
    .and('recorded_at >= ?', from)
    .and('recorded_at < ?', filter.to);
}
