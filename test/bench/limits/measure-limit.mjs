// @ts-check
/** Measures the limits of the machine and the stack, each in a child process of its own. */
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { hookEvent } from '../bodies.mjs';
import { makeTempDir, removeTempDir, startScript, stop } from '../children.mjs';
import { FrameSocket } from '../frame-socket.mjs';
import { loadErrors, measure } from '../load.mjs';
import { until } from '../service.mjs';

const CONNECTIONS = 16;
const WS_BEGINS_WITHIN_MS = 10_000;
const WS_WARM_UP_MS = 300;

/**
 * @typedef {{ rate: number, p50: number | null, p99: number | null, errors: string[] }} Figures
 * @typedef {(seconds: number, sockets: number) => Promise<Figures>} MeasureLimit
 */

/**
 * @param {string} file
 * @param {{ method: 'GET' | 'POST', body?: unknown }} request
 * @returns {MeasureLimit}
 */
const httpServer = (file, request) => async (seconds) => {
  const { child, message } = await startScript(new URL(file, import.meta.url));
  const url = `http://127.0.0.1:${message.port}/`;
  const load = await measure({ url, ...request }, { connections: CONNECTIONS, seconds });
  await stop(child);
  return { ...load, errors: loadErrors(load) };
};

/**
 * @param {number} perCommit rows a commit
 * @returns {MeasureLimit}
 */
const sqliteInserts = (perCommit) => async (seconds) => {
  const dir = await makeTempDir();
  const args = [join(dir, 'limit.sqlite'), perCommit, seconds];
  const script = new URL('sqlite-inserts.mjs', import.meta.url);
  const { child, message } = await startScript(script, args, (seconds + 30) * 1000);
  await stop(child);
  await removeTempDir(dir);
  return { ...message, errors: [] };
};

/** @type {MeasureLimit} */
const wsBroadcast = async (seconds, sockets) => {
  const script = new URL('ws-broadcast.server.mjs', import.meta.url);
  const { child, message } = await startScript(script, [sockets]);
  let deliveries = 0;
  /** @type {string[]} */
  const errors = [];
  const url = new URL(`http://127.0.0.1:${message.port}/`);
  const clients = Array.from(
    { length: sockets },
    () =>
      new FrameSocket(
        url,
        {},
        () => (deliveries += 1),
        ({ message }) => errors.push(message),
      ),
  );
  // It begins when all of them are there.
  await until(WS_BEGINS_WITHIN_MS, async () => deliveries > 0);
  await wait(WS_WARM_UP_MS);
  const [before, begun] = [deliveries, performance.now()];
  await wait(seconds * 1000);
  const rate = (deliveries - before) / ((performance.now() - begun) / 1000);
  clients.forEach((client) => client.terminate());
  await stop(child);
  return { rate, p50: null, p99: null, errors: rate > 0 ? errors : ['nothing was delivered'] };
};

const echo = /** @type {const} */ ({ method: 'POST', body: hookEvent('bench-agent') });

/** @type {Record<string, MeasureLimit>} keyed by row id */
const MEASURES = {
  'http-echo': httpServer('http-echo.server.mjs', echo),
  'express-echo': httpServer('express-echo.server.mjs', echo),
  'nest-get': httpServer('nest-get.server.mjs', { method: 'GET' }),
  'sqlite-1': sqliteInserts(1),
  'sqlite-100': sqliteInserts(100),
  'sqlite-1000': sqliteInserts(1000),
  'ws-broadcast': wsBroadcast,
};

/**
 * @param {string} id of a limit row
 * @param {{ seconds: number, sockets: number }} options
 * @returns {Promise<Figures>}
 */
export function measureLimit(id, { seconds, sockets }) {
  const measureIt = MEASURES[id];
  if (!measureIt) throw new Error(`no such limit: ${id}`);
  return measureIt(seconds, sockets);
}
