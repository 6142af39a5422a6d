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

/** What has an index, in the order in which one leads where several are asked for. */
const COLUMNS = [
  ['traceId', 'trace_id'],
  ['agentId', 'agent_id'],
  ['operationType', 'operation_type'],
  ['rbacDecision', 'rbac_decision'],
  ['targetType', 'target_type'],
  ['agentRole', 'agent_role'],
] as const;
/** Values that a large part of a log has: others lead to fewer entries. */
const COMMON = new Set<string | undefined>([
  'tool_use',
  'rbac.check',
  'allowed',
  'unknown',
  'file',
  'developer',
]);

function toWhere(filter: AuditFilter, dialect: Dialect): Where {
  const { words } = filter;
  const where = new Where().and(FOUND[dialect].match, words && FOUND[dialect].query([...words]));
  const given = COLUMNS.filter(([name]) => filter[name] !== undefined);
  const leading = given.find(([name]) => !COMMON.has(filter[name])) ?? given[0];
  for (const each of given) {
    const [name, column] = each;
    // SQLite keeps no statistics to know which index leads to the fewest entries; `+` keeps it from the others.
    const beside = each !== leading && dialect === 'sqlite' ? '+' : '';
    where.and(`${beside}${column} = ?`, filter[name]);
  }
  return where.and('recorded_at >= ?', filter.from).and('recorded_at < ?', filter.to);
}
