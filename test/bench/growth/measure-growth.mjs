// @ts-check
/** Measures the same calls on stores of growing size. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { cleanUp, makeTempDir, removeTempDir } from '../children.mjs';
import { hookEvent } from '../bodies.mjs';
import { loadErrors, measure } from '../load.mjs';
import { seededAgents, startService } from '../service.mjs';
import { fillStore } from './fill-store.mjs';
import { MEASURES } from './measures.mjs';

const API = '/api/v1';
const CONNECTIONS = 16;
const DAY_MS = 86_400_000;
/** Ranges lie within the days that are full, and are more than one connection asks for. */
const MOST_DAYS = 27;
const RANGES = 20_000;
/** Larger stores are kept for the next run; smaller ones are made anew, since a measurement adds to them. */
const KEEP_FROM = 1_000_000;

/**
 * @typedef {object} SizeFigures
 * @property {number} rows
 * @property {number | null} startMs from the start of the process to its first healthy answer, on the full store
 * @property {number | null} peakRssMb while it was measured
 * @property {Record<string, { rate: number, p50: number | null, p99: number | null }>} calls by id of the measure
 * @property {string[]} errors
 */

/**
 * @param {number[]} sizes rows, ascending
 * @param {{ entry: string, seconds: number, stores: string }} options stores: the folder of those that are kept
 * @returns {Promise<SizeFigures[]>}
 */
export async function measureGrowth(sizes, { entry, seconds, stores }) {
  const figures = [];
  for (const rows of sizes) {
    const dir = rows < KEEP_FROM ? await makeTempDir() : stores;
    await mkdir(dir, { recursive: true });
    const database = join(dir, `growth-${rows}.sqlite`);
    const measured = prepare(entry, database, rows).then(() => measureSize(entry, database, rows, seconds));
    figures.push(
      await measured.catch(async (error) => {
        await cleanUp();
        return failed(rows, error);
      }),
    );
    if (dir !== stores) await removeTempDir(dir);
  }
  return figures;
}

/**
 * What is left of a size that could not be measured: the others are told all the same.
 * @param {number} rows
 * @param {unknown} error
 * @returns {SizeFigures}
 */
function failed(rows, error) {
  return { rows, startMs: null, peakRssMb: null, calls: {}, errors: [`${rows} rows: ${error}`] };
}

/**
 * @param {string} entry
 * @param {string} database
 * @param {number} rows
 */
async function prepare(entry, database, rows) {
  const service = await startService(entry, { database });
  const agents = await seededAgents(service);
  const begun = performance.now();
  await fillStore(service, agents, rows, (done) => {
    const rate = Math.round(done / ((performance.now() - begun) / 1000));
    console.error(
      `filling a store: ${done.toLocaleString('en-US')} of ${rows.toLocaleString('en-US')}, ${rate}/s`,
    );
  });
  await service.stop();
}

/**
 * @param {string} entry
 * @param {string} database
 * @param {number} rows
 * @param {number} seconds a measurement
 * @returns {Promise<SizeFigures>}
 */
async function measureSize(entry, database, rows, seconds) {
  const service = await startService(entry, { database });
  const agents = await seededAgents(service);
  const [agent = ''] = agents;
  const [{ seq: entries }] = await service.call(`${API}/events/audit?limit=1`);
  const middle = await middleOf(service, entries);
  /** @type {SizeFigures['calls']} */
  const calls = {};
  const errors = entries < rows ? [`the log of the store with ${rows} rows holds ${entries} entries`] : [];
  for (const { id, path, write, warmUp, connections = CONNECTIONS } of MEASURES) {
    console.error(`measuring ${id} at ${rows.toLocaleString('en-US')} rows …`);
    const target = path?.replace('{agent}', agent).replace('{middle}', middle);
    const request = write
      ? {
          url: `${service.origin}${API}/events/ingest`,
          method: /** @type {const} */ ('POST'),
          body: hookEvent(agent),
          expect: 201,
        }
      : {
          url: `${service.origin}${API}${target}`,
          ...targetsOf(path ?? '', agents),
        };
    const sent = { ...request, headers: service.headers };
    if (warmUp) await measure(sent, { connections, seconds: warmUp });
    const load = await measure(sent, { connections, seconds });
    calls[id] = { rate: load.rate, p50: load.p50, p99: load.p99 };
    errors.push(...loadErrors(load).map((error) => `${id} at ${rows} rows: ${error}`));
  }
  const peakRssMb = await service.peakRssMb();
  const { startMs } = service;
  if (!(await service.stop())) errors.push(`the service with ${rows} rows did not end on SIGTERM`);
  return { rows, startMs, peakRssMb, calls, errors };
}

/**
 * @param {string} path
 * @param {string[]} agents ids
 * @returns {{ targets?: string[] }} what is asked in turn instead of `path`, if anything
 */
function targetsOf(path, agents) {
  if (path.includes('{each}')) return { targets: agents.map((each) => API + path.replace('{each}', each)) };
  if (!path.includes('{range}')) return {};
  const now = Date.now();
  const before = (/** @type {number} */ days) => new Date(now - Math.round(days * DAY_MS)).toISOString();
  return {
    targets: Array.from({ length: RANGES }, () => {
      const end = Math.random() * MOST_DAYS;
      const start = end + Math.random() * (MOST_DAYS - end) + 1 / 24;
      return API + path.replace('{range}', `start_date=${before(start)}&end_date=${before(end)}`);
    }),
  };
}

/**
 * @param {import('../service.mjs').Service} service
 * @param {number} entries in the log
 * @returns {Promise<string>} the query with which its list goes on from the middle; `skip` would read half of it to get there
 */
async function middleOf(service, entries) {
  const { frames } = await service.call(`${API}/activity?after_seq=${Math.floor(entries / 2)}&limit=1`);
  const query = `end_date=${frames[0].timestamp}`;
  const response = await fetch(`${service.origin}${API}/events/audit?limit=1&${query}`, {
    headers: service.headers,
  });
  await response.arrayBuffer();
  const cursor = /[?&]cursor=([^&>]+)/.exec(response.headers.get('link') ?? '')?.[1];
  if (!cursor) throw new Error('the list of the log names no next page');
  return `${query}&cursor=${cursor}`;
}
