// @ts-check
/** Measures one HTTP call of the service; for a write, checks that what was acknowledged is stored. */
import { DEDUCT_MICRO_USD, deduction, editCheck, executionMetric, hookEvent } from './bodies.mjs';
import { loadErrors, measure, send } from './load.mjs';
import { until } from './service.mjs';

/** As many rows as the older implementation's figures were taken over. */
const EVENTS_BEFORE = 3200;
const METRICS_BEFORE = 2800;
const SETTLE_MS = 2000;
const BATCH_EVENTS = 500;

/**
 * @typedef {import('./service.mjs').Service} Service
 *
 * @typedef {object} Agents who the calls are about
 * @property {string} reporter UUID; its events and metrics
 * @property {string} spender UUID; its budget
 *
 * @typedef {object} Ledger what a write must have changed, read back through the API
 * @property {string} what named in the error
 * @property {string} path
 * @property {(answer: any) => number} total
 * @property {number} [each] by how much one acknowledged request raises it; 1 unless given
 *
 * @typedef {object} Call
 * @property {number} [connections] 16 unless given
 * @property {string} path
 * @property {unknown} [body] sent by POST
 * @property {boolean} [unchanged] asked for with the entity tag of what is there
 * @property {number} [expect] the status of its answer; 201 unless given
 * @property {number} [units] how many of what the row counts are in one request; 1 unless given
 * @property {Ledger[]} [ledgers]
 */

/**
 * @param {string} id of a call row
 * @param {Agents} agents
 * @returns {Call}
 */
function callOf(id, { reporter, spender }) {
  const events = {
    what: 'events of type tool_use',
    path: '/api/v1/events/audit/stats',
    total: (/** @type {any} */ stats) => stats.operation_types.tool_use ?? 0,
  };
  const ingest = { path: '/api/v1/events/ingest', body: hookEvent(reporter), ledgers: [events] };
  /** @type {Record<string, Call>} */
  const calls = {
    agent: { path: `/api/v1/agents/${reporter}` },
    'agent-304': { path: `/api/v1/agents/${reporter}`, unchanged: true, expect: 304 },
    agents: { path: '/api/v1/agents?limit=100' },
    audit: { path: '/api/v1/events/audit?limit=100' },
    aggregate: { path: '/api/v1/metrics/aggregate?days=7' },
    'audit-stats': { path: '/api/v1/events/audit/stats' },
    'ingest-16': ingest,
    'ingest-64': { ...ingest, connections: 64 },
    'batch-500': {
      connections: 4,
      path: '/api/v1/events/ingest/batch',
      body: new Array(BATCH_EVENTS).fill(hookEvent(reporter)),
      expect: 207,
      units: BATCH_EVENTS,
      ledgers: [{ ...events, each: BATCH_EVENTS }],
    },
    check: {
      path: '/api/v1/rbac/check',
      body: editCheck(reporter),
      expect: 200,
      ledgers: [
        {
          what: 'decisions',
          path: '/api/v1/events/audit/stats',
          total: (stats) => stats.operation_types['rbac.check'] ?? 0,
        },
      ],
    },
    metrics: {
      path: '/api/v1/metrics',
      body: executionMetric(reporter),
      ledgers: [
        {
          what: 'metrics of the agent',
          path: `/api/v1/metrics/agent/${reporter}/summary`,
          total: (summary) => summary.total_metrics,
        },
      ],
    },
    'deduct-64': {
      connections: 64,
      path: '/api/v1/budget/deduct',
      body: deduction(spender),
      ledgers: [
        {
          what: 'micro-USD spent',
          path: `/api/v1/registry/agents/${spender}/budget`,
          total: (budget) => Math.round(budget.cost_used_today * 1e6),
          each: DEDUCT_MICRO_USD,
        },
        {
          what: 'tokens spent',
          path: `/api/v1/registry/agents/${spender}/budget`,
          total: (budget) => budget.tokens_used_today,
          each: deduction(spender).tokens_used,
        },
      ],
    },
  };
  const call = calls[id];
  if (!call) throw new Error(`no such call: ${id}`);
  return call;
}

/**
 * Puts rows into the store, so that reads have something to read.
 * @param {Service} service
 * @param {Agents} agents
 */
export async function fillStore(service, agents) {
  for (const [id, amount] of /** @type {const} */ ([
    ['ingest-16', EVENTS_BEFORE],
    ['metrics', METRICS_BEFORE],
  ])) {
    const call = callOf(id, agents);
    // One by itself, for its error shows what the service said.
    await service.call(call.path, call.body);
    const load = await send(await requestOf(service, call), { connections: 16, amount: amount - 1 });
    const errors = loadErrors(load);
    if (errors.length > 0) throw new Error(`filling the store by ${id}: ${errors.join(', ')}`);
  }
}

/**
 * @param {Service} service
 * @param {Agents} agents
 * @param {string} id of a call row
 * @param {{ seconds: number }} options
 */
export async function measureCall(service, agents, id, { seconds }) {
  const call = callOf(id, agents);
  const ledgers = call.ledgers ?? [];
  const before = await Promise.all(ledgers.map((ledger) => read(service, ledger)));
  const request = await requestOf(service, call);
  const load = await measure(request, { connections: call.connections ?? 16, seconds });
  const errors = loadErrors(load);
  for (const [index, ledger] of ledgers.entries()) {
    const error = await storedError(service, ledger, before[index] ?? 0, load);
    if (error) errors.push(error);
  }
  return { ...load, rate: load.rate * (call.units ?? 1), errors };
}

/**
 * @param {Service} service
 * @param {Call} call
 * @returns {Promise<import('./load.mjs').Request>}
 */
async function requestOf(service, { path, body, unchanged, expect }) {
  const url = service.origin + path;
  if (unchanged) {
    const tag = (await fetch(url, { headers: service.headers })).headers.get('etag') ?? '';
    return { url, headers: { ...service.headers, 'if-none-match': tag }, expect: expect ?? 304 };
  }
  if (body === undefined) return { url, headers: service.headers };
  return { url, headers: service.headers, method: 'POST', body, expect: expect ?? 201 };
}

/**
 * @param {Service} service
 * @param {Ledger} ledger
 * @returns {Promise<number>}
 */
async function read(service, ledger) {
  return ledger.total(await service.call(ledger.path));
}

/**
 * Requests that got no answer may have been stored or not; everything else must match to the unit.
 * @param {Service} service
 * @param {Ledger} ledger
 * @param {number} before
 * @param {import('./load.mjs').Load} load
 * @returns {Promise<string | undefined>}
 */
async function storedError(service, ledger, before, { acknowledged, unanswered }) {
  const each = ledger.each ?? 1;
  const [least, most] = [acknowledged * each, (acknowledged + unanswered) * each];
  let rise = NaN;
  const right = await until(SETTLE_MS, async () => {
    rise = (await read(service, ledger)) - before;
    return rise >= least && rise <= most;
  });
  return right ? undefined : `acknowledged ≠ stored: ${ledger.what} rose by ${rise}, not by ${least}`;
}
