// @ts-check
/** The load generator: a closed loop of keep-alive connections, driven by autocannon. */
// @ts-expect-error autocannon ships no types
import autocannon from 'autocannon';
import { percentiles } from './percentile.mjs';

/** How long requests under way at the end of a measurement may take before they count as unanswered. */
const DRAIN_SECONDS = 15;
const MAX_WARM_UP_SECONDS = 1;
const GIVE_UP_AFTER_ERRORS = 1000;

/**
 * @typedef {object} Request
 * @property {string} url
 * @property {string[]} [targets] asked in turn instead of the path in `url`
 * @property {'GET' | 'POST'} [method]
 * @property {Record<string, string>} [headers]
 * @property {unknown} [body] sent as JSON
 * @property {number} [expect] the status that counts as an answer; 200 unless given
 *
 * @typedef {{ reqsMade: number, responseMax: number }} Connection of autocannon; stops at responseMax requests
 *
 * @typedef {object} Load
 * @property {number} acknowledged answers with the expected status, warm-up included
 * @property {Record<string, number>} refused answers with any other status by status, warm-up included
 * @property {number} unanswered requests sent that got no answer, warm-up included
 * @property {number} rate acknowledged per second
 * @property {number | null} p50 ms, of the acknowledged
 * @property {number | null} p99 ms, of the acknowledged
 */

/**
 * Warms the server up, then measures. Both phases end by letting every request under way be answered, so
 * that what was acknowledged and what was stored can be compared exactly.
 * @param {Request} request
 * @param {{ connections: number, seconds: number }} options
 * @returns {Promise<Load>}
 */
export async function measure(request, { connections, seconds }) {
  const warmUp = await drive(request, { connections, seconds: Math.min(MAX_WARM_UP_SECONDS, seconds / 2) });
  const measured = await drive(request, { connections, seconds });
  const refused = { ...warmUp.refused };
  for (const [status, count] of Object.entries(measured.refused)) {
    refused[status] = (refused[status] ?? 0) + count;
  }
  return {
    ...measured,
    acknowledged: warmUp.acknowledged + measured.acknowledged,
    refused,
    unanswered: warmUp.unanswered + measured.unanswered,
  };
}

/**
 * Sends a fixed number of requests.
 * @param {Request} request
 * @param {{ connections: number, amount: number }} options
 * @returns {Promise<Load>}
 */
export function send(request, options) {
  return drive(request, { ...options, seconds: Infinity });
}

/**
 * @param {Request} request
 * @param {{ connections: number, seconds: number, amount?: number }} options
 * @returns {Promise<Load>}
 */
async function drive(request, { connections, seconds, amount }) {
  const expect = request.expect ?? 200;
  /** @type {Connection[]} */
  const clients = [];
  /** @type {number[]} */
  const latencies = [];
  /** @type {Record<string, number>} */
  const refused = {};
  let answered = 0;

  const begun = performance.now();
  let lastAnswer = begun;
  const run = autocannon({
    url: request.url,
    method: request.method ?? 'GET',
    headers: { ...(request.body ? { 'content-type': 'application/json' } : {}), ...request.headers },
    ...(request.body ? { body: JSON.stringify(request.body) } : {}),
    ...(request.targets ? { requests: request.targets.map((path) => ({ path })) } : {}),
    connections,
    ...(amount ? { amount } : { duration: seconds + DRAIN_SECONDS, maxConnectionRequests: 1e9 }),
    bailout: GIVE_UP_AFTER_ERRORS,
    sampleInt: 100,
    setupClient: (/** @type {Connection} */ client) => clients.push(client),
  });
  /** @type {(client: Connection, status: number, bytes: number, ms: number) => void} */
  const onResponse = (_client, status, _bytes, ms) => {
    answered += 1;
    lastAnswer = performance.now();
    if (status === expect) latencies.push(ms);
    else refused[status] = (refused[status] ?? 0) + 1;
  };
  run.on('response', onResponse);

  // autocannon's own duration cuts requests under way; ending each connection's quota lets them finish.
  const quotaEnd = () => clients.forEach((client) => (client.responseMax = client.reqsMade));
  const timer = amount ? undefined : setTimeout(quotaEnd, seconds * 1000);
  const result = await run;
  clearTimeout(timer);

  return {
    acknowledged: latencies.length,
    refused,
    unanswered: Math.max(0, result.requests.sent - answered),
    rate: answered ? latencies.length / ((lastAnswer - begun) / 1000) : 0,
    ...percentiles(latencies),
  };
}

/**
 * @param {Load} load
 * @returns {string[]} one sentence for each thing that went wrong
 */
export function loadErrors(load) {
  const errors = Object.entries(load.refused).map(([status, count]) => `answers with ${status}: ${count}`);
  if (load.unanswered > 0) errors.push(`requests without an answer: ${load.unanswered}`);
  if (load.acknowledged === 0) errors.push('not one request was acknowledged');
  return errors;
}
