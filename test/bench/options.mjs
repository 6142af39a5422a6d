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
  --rows A,B          also the same calls on stores of so many rows each, such as
                      10000,1000000,10000000; --only growth: nothing else
  --stores DIR        where stores of a million rows and more are kept for the next run
                      (test/bench/stores)
  --soak SECONDS      also events at full rate for so long, and the service's memory meanwhile;
                      --only soak: nothing else
  --export ENTRIES    also an export of a log of so many entries: its pace, the service's memory, and
                      what ingest beside it loses; --only export: nothing else
  --doc FILE          puts the figures into this Markdown file, a chart of growth beside it
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
      rows: { type: 'string' },
      stores: { type: 'string', default: fileURLToPath(new URL('stores/', import.meta.url)) },
      soak: { type: 'string' },
      export: { type: 'string' },
      doc: { type: 'string' },
      out: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  const seconds = Number(values.duration ?? (values.quick ? QUICK_SECONDS : DEFAULT_SECONDS));
  if (!(seconds >= 0.1 && seconds <= 3600)) throw new Error('--duration takes 0.1 to 3600 seconds');
  const sockets = Number(values.sockets);
  if (!Number.isInteger(sockets) || sockets < 1) throw new Error('--sockets takes a whole number above 0');
  const sizes = (values.rows?.split(',') ?? []).map(Number).sort((a, b) => a - b);
  if (!sizes.every((rows) => Number.isInteger(rows) && rows > 0))
    throw new Error('--rows takes whole numbers above 0');
  const soakSeconds = Number(values.soak ?? 0);
  if (!(soakSeconds >= 0 && soakSeconds <= 86_400)) throw new Error('--soak takes 0 to 86400 seconds');
  const exportEntries = Number(values.export ?? 0);
  if (!(Number.isInteger(exportEntries) && exportEntries >= 0 && exportEntries <= 1e8))
    throw new Error('--export takes a whole number, 0 to 100000000');
  const rows = chooseRows(values.only?.split(',').map((id) => id.trim()));
  return {
    ...values,
    seconds,
    sockets,
    rows,
    sizes,
    soakSeconds,
    exportEntries,
    out: values.out ?? defaultOut(),
  };
}

function defaultOut() {
  const stamp = new Date().toISOString().replace(/[:.]/g, '-');
  return fileURLToPath(new URL(`results/${stamp}.json`, import.meta.url));
}
