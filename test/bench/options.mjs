// @ts-check
/** The command line of the benchmark. */
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { chooseRows, ROWS } from './rows.mjs';

const DEFAULT_ENTRY = 'dist/apps/api/src/main.js';
const DEFAULT_SECONDS = 5;
const QUICK_SECONDS = 1;

export const HELP = `Usage: npm run bench -- [options]

Measures the limits of this machine and stack and the built service (npm run build) in one run,
and prints both and the ratio. Never fails on a time; ends with 1 if a call was refused or
something acknowledged was not stored.

  --duration SECONDS  per measurement (${DEFAULT_SECONDS})
  --quick             ${QUICK_SECONDS} second per measurement
  --only A,B          these rows, and the limits that their ratios need; also: limits, engine,
                      service
  --sockets N         sockets of the ws broadcast limit (100)
  --entry FILE        the built service (${DEFAULT_ENTRY})
  --out FILE          where the JSON goes (test/bench/results/<date>.json)
  --help              this text

Rows:
${ROWS.map((row) => `  ${row.id.padEnd(14)} ${row.title}`).join('\n')}
`;

/**
 * @param {string[]} args
 * @throws {Error} with a sentence for the user
 */
export function parseOptions(args) {
  const { values } = parseArgs({
    args,
    options: {
      duration: { type: 'string' },
      quick: { type: 'boolean', default: false },
      only: { type: 'string' },
      sockets: { type: 'string', default: '100' },
      entry: { type: 'string', default: DEFAULT_ENTRY },
      out: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  const seconds = Number(values.duration ?? (values.quick ? QUICK_SECONDS : DEFAULT_SECONDS));
  if (!(seconds >= 0.1 && seconds <= 3600)) throw new Error('--duration takes 0.1 to 3600 seconds');
  const sockets = Number(values.sockets);
  if (!Number.isInteger(sockets) || sockets < 1) throw new Error('--sockets takes a whole number above 0');
  const only = values.only?.split(',').map((id) => id.trim());
  return { ...values, seconds, sockets, rows: chooseRows(only), out: values.out ?? defaultOut() };
}

function defaultOut() {
  const stamp = new Date().toISOString().replace(/[:.]/g, '-');
  return fileURLToPath(new URL(`results/${stamp}.json`, import.meta.url));
}
