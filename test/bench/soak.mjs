// @ts-check
/** Events at full rate for a long time: does memory stay level, and is all that was acknowledged stored? */
import { hookEvent } from './bodies.mjs';
import { loadErrors, measure } from './load.mjs';
import { seededAgents, startService } from './service.mjs';

const CONNECTIONS = 64;
const SAMPLES = 10;

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

/** @param {Soak} soaked @returns {string[][]} with a heading */
export function soakCells({ seconds, rate, p99, memory, errors }) {
  const what = `${Math.round(rate).toLocaleString('en-US')} events/s, p99 ${p99?.toFixed(1) ?? '?'} ms`;
  return [
    ['second', 'RSS'],
    ...memory.map(({ second, rssMb }) => [`${second} s`, `${rssMb ?? '?'} MB`]),
    [`${seconds} s`, errors.length === 0 ? `${what}; acknowledged = stored` : what],
  ];
}
