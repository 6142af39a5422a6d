// @ts-check
/**
 * Limit: rows a second that sqlite3 makes durable by multi-row inserts: 14 columns, 3 indexes, one SHA-256
 * a row, WAL, synchronous=FULL. Arguments: database file, rows a commit, seconds.
 */
import { createHash, randomUUID } from 'node:crypto';
import { promisify } from 'node:util';
import sqlite3 from 'sqlite3';
import { hookEvent } from '../bodies.mjs';
import { percentiles } from '../percentile.mjs';

const [file = '', perCommitText, secondsText] = process.argv.slice(2);
const perCommit = Number(perCommitText);
const seconds = Number(secondsText);
const WARM_UP_COMMITS = 10;
const COLUMNS =
  'seq, audit_id, recorded_at, agent_id, agent_name, agent_role, operation_type, operation_detail, ' +
  'target_resource, rbac_decision, cost_micro_usd, tokens_used, context, leaf_hash';

process.once('disconnect', () => process.exit());

const db = new sqlite3.Database(file);
await promisify(db.exec.bind(db))(`
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = FULL;
  CREATE TABLE entries (
    seq INTEGER PRIMARY KEY, audit_id TEXT, recorded_at INTEGER, agent_id TEXT, agent_name TEXT,
    agent_role TEXT, operation_type TEXT, operation_detail TEXT, target_resource TEXT, rbac_decision TEXT,
    cost_micro_usd INTEGER, tokens_used INTEGER, context TEXT, leaf_hash BLOB
  ) STRICT;
  CREATE INDEX entries_agent ON entries (agent_id, seq);
  CREATE INDEX entries_type ON entries (operation_type, seq);
  CREATE INDEX entries_time ON entries (recorded_at);
`);
const placeholders = `(${Array(14).fill('?').join(', ')})`;
const insert = db.prepare(
  `INSERT INTO entries (${COLUMNS}) VALUES ${Array(perCommit).fill(placeholders).join(', ')}`,
);
/** @type {(parameters: unknown[]) => Promise<void>} */
const commit = promisify(insert.run.bind(insert));

const agents = Array.from({ length: 200 }, () => randomUUID());
let seq = 0;

/** @returns {unknown[]} the parameters of one commit */
function nextRows() {
  const parameters = [];
  for (let row = 0; row < perCommit; row += 1) {
    seq += 1;
    const event = hookEvent(agents[seq % agents.length] ?? '');
    const hash = createHash('sha256').update(JSON.stringify(event)).update(String(seq)).digest();
    parameters.push(seq, randomUUID(), Date.now(), event.agent_id, event.agent_name, event.agent_role);
    parameters.push(event.operation_type, event.operation_detail, event.target_resource);
    parameters.push(event.rbac_decision, Math.round(event.cost_usd * 1e6), event.tokens_used);
    parameters.push(JSON.stringify(event.context), hash);
  }
  return parameters;
}

for (let warmUp = 0; warmUp < WARM_UP_COMMITS; warmUp += 1) await commit(nextRows());

const latencies = [];
const begun = performance.now();
let rows = nextRows();
while (performance.now() - begun < seconds * 1000) {
  const started = performance.now();
  const written = commit(rows);
  // The next rows are made while these are written, as a server would do.
  rows = nextRows();
  await written;
  latencies.push(performance.now() - started);
}
const elapsed = (performance.now() - begun) / 1000;

await promisify(insert.finalize.bind(insert))().catch(() => {});
await promisify(db.close.bind(db))();
process.send?.({ rate: (latencies.length * perCommit) / elapsed, ...percentiles(latencies) });
process.disconnect();
