// @ts-check
/** Events at full rate for a long time: does memory stay level, and is all that was acknowledged stored? */
import { hookEvent } from './bodies.mjs';
import { loadErrors, measure } from './load.mjs';
import { hitOrMiss } from './report.mjs';
import { seededAgents, startService } from './service.mjs';

const CONNECTIONS = 64;
const SAMPLES = 10;
/** How much of memory may grow and still be level, and how much there may be. */
const LEVEL = 1.1;
const RSS_MB = 200;

/**
 * @typedef {object} Soak
 * @property {number} seconds
 * @property {number} rate events/s
 * @property {number | null} p99 ms
 * @property {{ second: number, rssMb: number | null }[]} memory
 * @property {string[]} errors
 */

/**
 * @param {string} entry
 * @param {number} seconds
 * @returns {Promise<Soak>}
 */
export async function soak(entry, seconds) {
  const service = await startService(entry);
  const [agent = ''] = await seededAgents(service);
  const stored = async () => (await service.call('/api/v1/events/audit/stats')).operation_types.tool_use ?? 0;
  const before = await stored();
  /** @type {Soak['memory']} */
  const memory = [];
  const begun = performance.now();
  const sample = async () => {
    const second = Math.round((performance.now() - begun) / 1000);
    memory.push({ second, rssMb: await service.rssMb() });
    console.error(`soaking: ${second} s of ${seconds} s, RSS ${memory.at(-1)?.rssMb} MB`);
  };
  const timer = setInterval(() => void sample(), (seconds * 1000) / SAMPLES);
  const load = await measure(
    {
      url: `${service.origin}/api/v1/events/ingest`,
      method: 'POST',
      headers: service.headers,
      body: hookEvent(agent),
      expect: 201,
    },
    { connections: CONNECTIONS, seconds },
  );
  clearInterval(timer);
  const errors = loadErrors(load);
  const rise = (await stored()) - before;
  if (rise < load.acknowledged || rise > load.acknowledged + load.unanswered) {
    errors.push(`acknowledged ${load.acknowledged}, stored ${rise}`);
  }
  if (!(await service.stop())) errors.push('the service did not end on SIGTERM');
  return { seconds, rate: load.rate, p99: load.p99, memory, errors };
}

/** @param {Soak['memory']} memory @returns {number} MB */
function meanOf(memory) {
  return memory.reduce((sum, { rssMb }) => sum + (rssMb ?? NaN), 0) / memory.length;
}

/** @param {Soak} soaked @returns {string[][]} with a heading */
export function soakCells({ seconds, rate, p99, memory, errors }) {
  const what = `${Math.round(rate).toLocaleString('en-US')} events/s, p99 ${p99?.toFixed(1) ?? '?'} ms`;
  const part = Math.ceil(memory.length / 3);
  const [first, last] = [meanOf(memory.slice(0, part)), meanOf(memory.slice(-part))];
  const rise = last / first;
  return [
    ['second', 'RSS', 'target', ''],
    ...memory.map(({ second, rssMb }) => [`${second} s`, `${rssMb ?? '?'} MB`, '', '']),
    [
      'last third to the first',
      `${first.toFixed(0)} → ${last.toFixed(0)} MB, ${rise.toFixed(2)} ×`,
      `level: ≤ ${LEVEL} ×`,
      hitOrMiss(rise <= LEVEL),
    ],
    [
      'at most',
      `${Math.max(...memory.map(({ rssMb }) => rssMb ?? NaN))} MB`,
      `< ${RSS_MB} MB`,
      hitOrMiss(memory.every(({ rssMb }) => (rssMb ?? Infinity) < RSS_MB)),
    ],
    [`${seconds} s`, what, 'acknowledged = stored', hitOrMiss(errors.length === 0)],
  ];
}
