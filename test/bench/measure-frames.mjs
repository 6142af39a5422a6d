// @ts-check
/** Measures the time from sending an event to its frame at each of the subscribers. */
import { Agent, request } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import WebSocket from 'ws';
import { hookEvent } from './bodies.mjs';
import { percentiles } from './percentile.mjs';
import { until } from './service.mjs';

/** By row. */
const SUBSCRIBERS = { frames: 10, 'frames-1000': 1000 };
const EVENTS_PER_SECOND = 100;
const WARM_UP_EVENTS = 50;
const GREETED_WITHIN_MS = 5000;
const LAST_FRAME_WITHIN_MS = 5000;
const ANSWERED_WITHIN_MS = 10_000;
const INGEST_PATH = '/api/v1/events/ingest';
const STREAM_PATH = '/api/v1/agents/activity/stream';
const MARK = 'bench-frame-';

/**
 * @param {import('./service.mjs').Service} service
 * @param {{ reporter: string }} agents
 * @param {string} id of a row of frames
 * @param {{ seconds: number }} options
 */
export async function measureFrames(service, agents, id, { seconds }) {
  const subscribers = SUBSCRIBERS[/** @type {keyof typeof SUBSCRIBERS} */ (id)];
  /** @type {number[]} */
  const sentAt = [];
  /** @type {number[]} ms, of the events after the warm-up */
  const latencies = [];
  let frames = 0;

  /** @param {string} text */
  const onFrame = (text) => {
    const arrived = performance.now();
    // Not parsed: with many subscribers that would cost more than all that is measured.
    const at = text.indexOf(MARK);
    if (at < 0) return;
    frames += 1;
    const index = Number.parseInt(text.slice(at + MARK.length, at + MARK.length + 10), 10);
    if (index >= WARM_UP_EVENTS) latencies.push(arrived - (sentAt[index] ?? NaN));
  };

  const sockets = await Promise.all(Array.from({ length: subscribers }, () => subscribe(service, onFrame)));
  const events = WARM_UP_EVENTS + Math.ceil(seconds * EVENTS_PER_SECOND);
  const posts = [];
  const agent = new Agent({ keepAlive: true });
  let failed = 0;
  const begun = performance.now();
  for (let index = 0; index < events; index += 1) {
    await wait(Math.max(0, begun + index * (1000 / EVENTS_PER_SECOND) - performance.now()));
    const event = { ...hookEvent(agents.reporter), operation_detail: `${MARK}${index}` };
    sentAt[index] = performance.now();
    posts.push(ingest(service, agent, event).catch(() => (failed += 1)));
  }
  await Promise.all(posts);
  const expected = (events - failed) * subscribers;
  await until(LAST_FRAME_WITHIN_MS, async () => frames >= expected);
  const elapsed = (performance.now() - begun) / 1000;
  sockets.forEach((socket) => socket.terminate());
  agent.destroy();

  const errors = [];
  if (failed > 0) errors.push(`${failed} events were not acknowledged`);
  if (frames !== expected) errors.push(`${frames} frames arrived, not ${expected}`);
  return { rate: frames / elapsed, ...percentiles(latencies), errors };
}

/**
 * By node:http, because fetch adds a millisecond of its own to the latency.
 * @param {import('./service.mjs').Service} service
 * @param {Agent} agent
 * @param {unknown} event
 * @returns {Promise<void>} when it is acknowledged
 * @throws {Error} on any status but 201
 */
function ingest(service, agent, event) {
  const text = JSON.stringify(event);
  const headers = {
    ...service.headers,
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
  };
  return new Promise((resolve, reject) => {
    request(service.origin + INGEST_PATH, { method: 'POST', agent, headers }, (response) => {
      response.resume().on('error', reject);
      response.on('end', () => (response.statusCode === 201 ? resolve() : reject(new Error('refused'))));
    })
      .setTimeout(ANSWERED_WITHIN_MS, () => reject(new Error('no answer')))
      .on('error', reject)
      .end(text);
  });
}

/**
 * Resolves when the service has greeted the subscriber: from then on frames are due.
 * @param {import('./service.mjs').Service} service
 * @param {(text: string) => void} onFrame
 * @returns {Promise<WebSocket>}
 */
function subscribe(service, onFrame) {
  const socket = new WebSocket(service.origin.replace('http', 'ws') + STREAM_PATH, {
    headers: service.headers,
  });
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('a subscriber was not greeted')), GREETED_WITHIN_MS);
    socket.on('error', reject);
    socket.on('message', (data) => {
      clearTimeout(timer);
      resolve(socket);
      onFrame(data.toString());
    });
  });
}
