// @ts-check
/** Stores of a given size, filled through the service's own batch calls. */
import { once } from 'node:events';
import { request } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { hookEvent } from '../bodies.mjs';

const PERIOD_MS = 28 * 86_400_000;
const TYPES = ['execution', 'execution', 'execution', 'quality', 'task_completion'];
/** The service commits while lines arrive, so a part only bounds what an interrupted run does again. */
const PART = 250_000;
/** So many requests at once share a commit each time. */
const LANES = 4;
/** For so many metrics one event: each metric is an entry of the log already. */
const METRICS_AN_EVENT = 10;

/** @typedef {import('../service.mjs').Service} Service */

/**
 * Adds what is missing to `rows` metrics, each with its entry in the log, spread over four weeks and all agents.
 * @param {Service} service
 * @param {string[]} agents ids
 * @param {number} rows
 * @param {(done: number) => void} progress called with the metrics that are stored
 */
export async function fillStore(service, agents, rows, progress) {
  let stored = (await service.call('/api/v1/metrics/aggregate?days=90')).count;
  while (stored < rows) {
    const part = Math.min(PART, rows - stored);
    const now = Date.now();
    const from = stored;
    const lanes = Array.from({ length: LANES }, (_, lane) => {
      const items = Math.floor((part - lane + LANES - 1) / LANES);
      return upload(service, '/api/v1/metrics/batch', items, (n) =>
        metric(agents, from + n * LANES + lane, rows, now),
      );
    });
    const events = upload(service, '/api/v1/events/ingest/batch', Math.ceil(part / METRICS_AN_EVENT), (n) =>
      event(agents, from + n),
    );
    await Promise.all([...lanes, events]);
    stored += part;
    progress(stored);
  }
}

/**
 * Adds events, spread over all agents.
 * @param {Service} service
 * @param {string[]} agents ids
 * @param {number} count
 */
export async function fillEvents(service, agents, count) {
  const lanes = Array.from({ length: LANES }, (_, lane) => {
    const items = Math.floor((count - lane + LANES - 1) / LANES);
    return upload(service, '/api/v1/events/ingest/batch', items, (n) => event(agents, n * LANES + lane));
  });
  await Promise.all(lanes);
}

/**
 * @param {string[]} agents
 * @param {number} n
 * @param {number} rows
 * @param {number} now
 */
function metric(agents, n, rows, now) {
  const spread = scatter(n);
  return {
    agent_id: agents[n % agents.length],
    // Every agent reports every type.
    metric_type: TYPES[Math.floor(n / agents.length) % TYPES.length],
    // From fractions of a millisecond to a minute, most of them in between.
    execution_time_ms: Math.round(1000 * Math.exp(spread * 11 - 2)) / 1000,
    success: n % 17 !== 0,
    tokens_used: n % 5000,
    api_calls: n % 4,
    quality_score: (n % 100) / 100,
    recorded_at: new Date(now - PERIOD_MS + Math.floor((n / rows) * PERIOD_MS)).toISOString(),
  };
}

/**
 * @param {string[]} agents
 * @param {number} n
 */
function event(agents, n) {
  const decision = n % 5 === 0 ? 'denied' : 'allowed';
  const detail = `Edit src/part-${n % 997}/file-${n % 7}.ts: a running sum for the total of order ${n}`;
  return { ...hookEvent(agents[n % agents.length] ?? ''), operation_detail: detail, rbac_decision: decision };
}

/** @param {number} n @returns {number} 0–1, the same for the same `n` */
function scatter(n) {
  return (Math.imul(n, 2_654_435_761) >>> 0) / 2 ** 32;
}

/**
 * Streams lines of JSON at the pace at which the service takes them.
 * @param {Service} service
 * @param {string} path
 * @param {number} count
 * @param {(n: number) => unknown} item
 * @throws {Error} when not all were accepted
 */
async function upload(service, path, count, item) {
  const headers = { ...service.headers, 'content-type': 'application/x-ndjson' };
  const sending = request(service.origin + path, { method: 'POST', headers });
  const answered = once(sending, 'response');
  const sent = pipeline(Readable.from(lines(count, item)), sending);
  const [response] = await answered;
  let answer = '';
  for await (const chunk of response) answer = (answer + chunk).slice(-1000);
  await sent;
  const accepted = /"accepted":(\d+)/.exec(answer)?.[1];
  if (Number(accepted) !== count) throw new Error(`${path} took ${accepted} of ${count}: ${answer}`);
}

const LINES_A_CHUNK = 200;

/**
 * @param {number} count
 * @param {(n: number) => unknown} item
 */
function* lines(count, item) {
  for (let from = 0; from < count; from += LINES_A_CHUNK) {
    let text = '';
    for (let n = from; n < Math.min(count, from + LINES_A_CHUNK); n += 1)
      text += `${JSON.stringify(item(n))}\n`;
    yield text;
  }
}
