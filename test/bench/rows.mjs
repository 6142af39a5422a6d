// @ts-check
/** The rows of the table: what is measured, against which limit, with which target. */

/**
 * @typedef {object} Row
 * @property {string} id
 * @property {string} title
 * @property {'limit' | 'engine' | 'seed' | 'call' | 'frames'} kind
 * @property {string} [unit] of the rate; requests/s unless given
 * @property {string} [limit] id of the limit row that the ratio is taken to
 * @property {{ ratio?: number, p50?: number, p99?: number, worst?: number }} [target] ratio: at least; the others: below,
 *   in ms
 * @property {'µs'} [time] the unit that times are shown in; ms unless given
 * @property {number} [older] requests/s of the older implementation, same call, 16 connections
 */

/** @type {Row[]} */
export const ROWS = [
  { id: 'http-echo', kind: 'limit', title: 'node:http, JSON echo' },
  { id: 'express-echo', kind: 'limit', title: 'Express, express.json() echo' },
  { id: 'nest-get', kind: 'limit', title: 'Nest GET, no work' },
  { id: 'sqlite-1', kind: 'limit', title: 'sqlite3, 1 row a commit', unit: 'rows/s' },
  { id: 'sqlite-100', kind: 'limit', title: 'sqlite3, 100 rows a commit', unit: 'rows/s' },
  { id: 'sqlite-1000', kind: 'limit', title: 'sqlite3, 1,000 rows a commit', unit: 'rows/s' },
  { id: 'ws-broadcast', kind: 'limit', title: 'ws broadcast', unit: 'deliveries/s' },
  {
    id: 'decision',
    kind: 'engine',
    title: 'a decision, without a command',
    unit: 'decisions/s',
    time: 'µs',
    target: { p50: 0.01, p99: 0.05 },
  },
  {
    id: 'command-parse',
    kind: 'engine',
    title: 'reading laborious commands of legal size',
    unit: 'commands/s',
    target: { worst: 25 },
  },
  {
    id: 'log-tree',
    kind: 'engine',
    title: "the log's Merkle tree: less than 15 % of batch ingest",
    unit: 'entries/s',
    limit: 'batch-500',
    target: { ratio: 6.7 },
  },
  {
    id: 'seed',
    kind: 'seed',
    title: 'the identity files of data/agents into an empty registry',
    unit: 'files/s',
    target: { worst: 1000 },
  },
  {
    id: 'seed-10000',
    kind: 'seed',
    title: '10,000 identity files into an empty registry',
    unit: 'files/s',
    target: { worst: 10_000 },
  },
  // Reads come before writes, so that they are taken over the same number of rows in every run.
  {
    id: 'agent',
    kind: 'call',
    title: 'GET /agents/{id}',
    limit: 'nest-get',
    target: { ratio: 0.8 },
    older: 804,
  },
  {
    id: 'agent-304',
    kind: 'call',
    title: 'GET /agents/{id}, If-None-Match',
    limit: 'nest-get',
    target: { ratio: 0.8 },
  },
  {
    id: 'agents',
    kind: 'call',
    title: 'GET /agents?limit=100',
    limit: 'nest-get',
    target: { ratio: 0.5 },
    older: 53,
  },
  {
    id: 'audit',
    kind: 'call',
    title: 'GET /events/audit?limit=100',
    limit: 'express-echo',
    target: { ratio: 0.65 },
    older: 82,
  },
  {
    id: 'aggregate',
    kind: 'call',
    title: 'GET /metrics/aggregate?days=7',
    limit: 'nest-get',
    target: { p99: 20 },
    older: 19,
  },
  {
    id: 'audit-stats',
    kind: 'call',
    title: 'GET /events/audit/stats',
    limit: 'nest-get',
    target: { p99: 20 },
    older: 342,
  },
  {
    id: 'ingest-16',
    kind: 'call',
    title: 'POST /events/ingest, 16 connections',
    limit: 'express-echo',
    target: { ratio: 1.2, p99: 10 },
    older: 400,
  },
  {
    id: 'ingest-64',
    kind: 'call',
    title: 'POST /events/ingest, 64 connections',
    limit: 'express-echo',
    target: { ratio: 2, p99: 10 },
  },
  {
    id: 'batch-500',
    kind: 'call',
    title: 'POST /events/ingest/batch, 500 events',
    unit: 'events/s',
    limit: 'sqlite-1000',
    target: { ratio: 0.6 },
  },
  {
    id: 'check',
    kind: 'call',
    title: 'POST /rbac/check',
    limit: 'express-echo',
    target: { ratio: 1 },
  },
  { id: 'metrics', kind: 'call', title: 'POST /metrics', limit: 'express-echo', older: 348 },
  {
    id: 'deduct-64',
    kind: 'call',
    title: 'POST /budget/deduct, one agent, 64 connections',
    limit: 'express-echo',
    target: { ratio: 0.4 },
  },
  {
    id: 'frames',
    kind: 'frames',
    title: 'ingest → frame, 10 subscribers',
    unit: 'deliveries/s',
    target: { p99: 10 },
  },
  {
    id: 'frames-1000',
    kind: 'frames',
    title: 'ingest → frame, 1,000 subscribers, 100 events/s',
    unit: 'deliveries/s',
    limit: 'ws-broadcast',
    target: { p99: 50 },
  },
  {
    id: 'frames-resume',
    kind: 'frames',
    title: 'the same for 60 s, a tenth leaving and resuming',
    unit: 'deliveries/s',
    limit: 'ws-broadcast',
    target: { p99: 50 },
  },
  {
    id: 'fan-out',
    kind: 'frames',
    title: 'fan-out to 1,000 subscribers, as fast as they take it',
    unit: 'deliveries/s',
    limit: 'ws-broadcast',
    target: { ratio: 0.8 },
  },
];

/**
 * @param {string[] | undefined} only row ids, or `limits`, `engine` or `service`; `growth`, `soak` and `export` name no row; all rows when absent
 * @returns {Row[]} the rows asked for, and the limits that their ratios need
 * @throws {Error} naming every id that is no row
 */
export function chooseRows(only) {
  if (!only) return ROWS;
  const known = new Set([
    'limits',
    'engine',
    'service',
    'growth',
    'soak',
    'export',
    ...ROWS.map((row) => row.id),
  ]);
  const unknown = only.filter((id) => !known.has(id));
  if (unknown.length > 0) throw new Error(`no such row: ${unknown.join(', ')}`);
  const asked = ROWS.filter((row) => only.includes(row.id) || only.includes(groupOf(row)));
  const needed = new Set(asked.map((row) => row.limit));
  return ROWS.filter((row) => asked.includes(row) || needed.has(row.id));
}

/** @param {Row} row */
function groupOf(row) {
  if (row.kind === 'limit') return 'limits';
  return row.kind === 'engine' || row.kind === 'seed' ? 'engine' : 'service';
}
