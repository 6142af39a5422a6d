import { stringify } from 'csv-stringify/sync';
import { formatTime } from '#contract';
import { fromMicroUsd } from '#kernel';
import type { SealedEntry } from '../checkpoints/sealed-entries.repository.js';
import type { ExportFormat, LogExport } from './log-export.js';

/** What each column holds. */
const COLUMNS: Readonly<Record<string, (entry: SealedEntry) => string | number | null>> = {
  seq: ({ event }) => event.seq,
  audit_id: ({ event }) => event.auditId,
  timestamp: ({ event }) => formatTime(event.recordedAt),
  agent_id: ({ event }) => event.agentId,
  agent_name: ({ event }) => event.agentName,
  agent_role: ({ event }) => event.agentRole,
  operation_type: ({ event }) => event.operationType,
  operation_detail: ({ event }) => event.operationDetail,
  target_resource: ({ event }) => event.targetResource,
  target_type: ({ event }) => event.targetType,
  rbac_decision: ({ event }) => event.rbacDecision,
  rbac_reason: ({ event }) => event.rbacReason,
  cost_usd: ({ event }) => (event.costMicro === null ? null : fromMicroUsd(event.costMicro)),
  tokens_used: ({ event }) => event.tokensUsed,
  context: ({ event }) => event.context,
  source: ({ event }) => event.source,
  principal_id: ({ event }) => event.principalId,
  principal_kind: ({ event }) => event.principalKind,
  principal_role: ({ event }) => event.principalRole,
  route: ({ event }) => event.route,
  outcome: ({ event }) => event.outcome,
  trace_id: ({ event }) => event.traceId,
  leaf_hash: ({ leafHash }) => leafHash,
};
const CELLS = Object.values(COLUMNS);
/** So that a spreadsheet knows it as UTF-8. */
const BYTE_ORDER_MARK = '\ufeff';

/** Where a spreadsheet with another separator, or that takes quotes for nothing, would begin a cell, and with a formula. */
const INNER_FORMULA = /([;\t\r\n] *)(?=[=+\-@＝＋－＠])/g;
const inert = (cell: unknown): unknown =>
  typeof cell === 'string' ? cell.replace(INNER_FORMULA, "$1'") : cell;

/** RFC 4180. What a spreadsheet would take for a formula is text there: an apostrophe stands before it. */
const toRows = (rows: readonly (readonly unknown[])[]): string =>
  stringify(
    rows.map((cells) => cells.map(inert)),
    { escape_formulas: true, quoted: true, quoted_empty: true, record_delimiter: 'windows' },
  );

export const CSV_EXPORT: ExportFormat = {
  contentType: 'text/csv; charset=utf-8',
  async *write({ continues, pages }: LogExport) {
    if (!continues) yield BYTE_ORDER_MARK + toRows([Object.keys(COLUMNS)]);
    for await (const { entries } of pages) {
      if (entries.length > 0) yield toRows(entries.map((entry) => CELLS.map((cell) => cell(entry))));
    }
  },
};
