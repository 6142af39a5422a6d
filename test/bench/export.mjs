// @ts-check
/** A long export beside ingest: what it costs those who record, and the service's memory meanwhile. */
import { once } from 'node:events';
import { request } from 'node:http';
import { join } from 'node:path';
import { hookEvent } from './bodies.mjs';
import { makeTempDir, removeTempDir } from './children.mjs';
import { fillEvents } from './growth/fill-store.mjs';
import { loadErrors, measure } from './load.mjs';
import { hitOrMiss } from './report.mjs';
import { seededAgents, startService } from './service.mjs';

const CONNECTIONS = 16;
/** Ingest alone and beside an export, in turn, so that a machine that slows down slows both. */
const PAIRS = 5;
const SAMPLE_MS = 250;
/** What the service may take meanwhile, and how many times as long ingest may take. */
const RSS_MB = 200;
const SLOWED = 2;

/** @typedef {import('./service.mjs').Service} Service */

/**
 * @typedef {object} Exported
 * @property {number} entries in the log at the start
 * @property {number} rate entries/s of a whole export with nothing beside it
 * @property {number | null} aloneP99 ms of ingest, the median of the pairs
 * @property {number | null} besideP99 ms of ingest beside an export, the same
 * @property {number | null} ratio of the two, the median of the pairs' ratios
 * @property {number | null} idleRssMb after the fill and a restart
 * @property {number | null} peakRssMb while a whole export ran with nothing beside it
 * @property {string[]} errors
 */

/**
 * @param {string} entry
 * @param {number} entries
 * @param {number} seconds a measurement
 * @returns {Promise<Exported>}
 */
export async function measureExport(entry, entries, seconds) {
  const dir = await makeTempDir();
  const database = join(dir, 'export.sqlite');
  const filling = await startService(entry, { database });
  const agents = await seededAgents(filling);
  console.error(`filling a log of ${entries} events …`);
  await fillEvents(filling, agents, entries);
  await filling.stop();

  console.error('exporting …');
  const service = await startService(entry, { database });
  const idleRssMb = await service.rssMb();
  const begun = performance.now();
  const [alone, peakRssMb] = await watched(service, () => readExport(service));
  const rate = (alone.entries / (performance.now() - begun)) * 1000;
  const errors = alone.whole ? [] : ['the export broke off'];

  /** @type {{ alone: number, beside: number }[]} */
  const pairs = [];
  for (let pair = 0; pair < PAIRS; pair += 1) {
    const before = await ingest(service, agents, seconds);
    const stop = new AbortController();
    const exporting = exportUntil(service, stop.signal);
    const beside = await ingest(service, agents, seconds);
    stop.abort();
    await exporting;
    errors.push(...loadErrors(before), ...loadErrors(beside));
    if (before.p99 !== null && beside.p99 !== null) pairs.push({ alone: before.p99, beside: beside.p99 });
  }
  const ended = await service.stop();
  await removeTempDir(dir);
  if (!ended) errors.push('the service did not end on SIGTERM');
  return {
    ...{ entries: alone.entries, rate, idleRssMb, peakRssMb, errors },
    aloneP99: median(pairs.map(({ alone: p99 }) => p99)),
    besideP99: median(pairs.map(({ beside }) => beside)),
    ratio: median(pairs.map((pair) => pair.beside / pair.alone)),
  };
}

/** @param {Service} service @param {string[]} agents @param {number} seconds */
function ingest(service, [agent = ''], seconds) {
  return measure(
    {
      url: `${service.origin}/api/v1/events/ingest`,
      method: 'POST',
      headers: service.headers,
      body: hookEvent(agent),
      expect: 201,
    },
    { connections: CONNECTIONS, seconds },
  );
}

/** @param {Service} service @param {AbortSignal} signal */
async function exportUntil(service, signal) {
  while (!signal.aborted) await readExport(service, signal);
}

/**
 * @param {Service} service
 * @param {AbortSignal} [signal]
 * @returns {Promise<{ entries: number, whole: boolean }>}
 */
async function readExport(service, signal) {
  let [entries, tail] = [0, ''];
  try {
    const sending = request(`${service.origin}/api/v1/audit/export`, {
      headers: service.headers,
      signal,
    }).end();
    const [response] = await once(sending, 'response');
    for await (const chunk of response) {
      for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) entries += 1;
      tail = (tail + chunk.subarray(-1000).toString('latin1')).slice(-1000);
    }
  } catch (error) {
    if (!signal?.aborted) throw error;
  }
  // Two lines are the head and the checkpoint.
  return { entries: entries - 2, whole: tail.includes('{"type":"checkpoint"') };
}

/**
 * @template T
 * @param {Service} service
 * @param {() => Promise<T>} work
 * @returns {Promise<[T, number | null]>} its result, and the most memory that was seen meanwhile, MB
 */
async function watched(service, work) {
  /** @type {number[]} */
  const seen = [];
  const timer = setInterval(() => {
    void service.rssMb().then((mb) => mb !== null && seen.push(mb));
  }, SAMPLE_MS);
  const result = await work();
  clearInterval(timer);
  return [result, seen.length > 0 ? Math.max(...seen) : null];
}

/** @param {number[]} values */
function median(values) {
  return values.length > 0 ? (values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? null) : null;
}

/** @param {Exported} exported @returns {string[][]} with a heading */
export function exportCells(exported) {
  const { entries, rate, aloneP99, besideP99, ratio, idleRssMb, peakRssMb } = exported;
  const count = (/** @type {number} */ value) => Math.round(value).toLocaleString('en-US');
  const ms = (/** @type {number | null} */ value) => `${value?.toFixed(1) ?? '?'} ms`;
  return [
    ['export', 'figure', 'target', ''],
    [`${count(entries)} entries, nothing beside it`, `${count(rate)} entries/s`, '', ''],
    [
      'RSS before, and at most meanwhile',
      `${idleRssMb ?? '?'} MB, ${peakRssMb ?? '?'} MB`,
      `< ${RSS_MB} MB`,
      hitOrMiss((peakRssMb ?? Infinity) < RSS_MB),
    ],
    [
      `p99 of ingest-${CONNECTIONS} alone, and beside it`,
      `${ms(aloneP99)}, ${ms(besideP99)}: ${ratio?.toFixed(2) ?? '?'} ×`,
      `< ${SLOWED} ×`,
      hitOrMiss((ratio ?? Infinity) < SLOWED),
    ],
  ];
}
