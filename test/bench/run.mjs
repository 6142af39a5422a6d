// @ts-check
/** Entry of `npm run bench`: the limits, then the service, then the report. */
import { cleanUp, cleanUpOnExit, wasInterrupted } from './children.mjs';
import { exportCells, measureExport } from './export.mjs';
import { measureLimit } from './limits/measure-limit.mjs';
import { measureGrowth } from './growth/measure-growth.mjs';
import { growthCells } from './growth/report-growth.mjs';
import { fillStore, measureCall } from './measure-call.mjs';
import { measureEngine } from './measure-engine.mjs';
import { measureFanOut, measureFrames } from './measure-frames.mjs';
import { measureSeed } from './measure-seed.mjs';
import { HELP, parseOptions } from './options.mjs';
import { describeMachine, judge, rowCells, table, writeResults } from './report.mjs';
import { seededAgents, startService } from './service.mjs';
import { soak, soakCells } from './soak.mjs';
import { writeDocument } from './document.mjs';

/**
 * @typedef {import('./report.mjs').Figures} Figures
 * @typedef {import('./report.mjs').Measured} Measured
 * @typedef {import('./rows.mjs').Row} Row
 */

const FULL_LIST = 100;
/** Exit code of a process that SIGINT ended. */
const INTERRUPTED = 130;

/** @param {unknown} error */
function sentence(error) {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}

/**
 * Measures rows one after the other; a row that fails does not end the run.
 * @param {Row[]} rows
 * @param {(row: Row) => Promise<Figures>} measureRow
 * @returns {Promise<Measured[]>}
 */
async function measureRows(rows, measureRow) {
  const measured = [];
  for (const row of rows) {
    console.error(`measuring ${row.id} …`);
    const figures = await measureRow(row).catch((error) => failed(sentence(error)));
    measured.push({ ...row, ...figures });
  }
  return measured;
}

/**
 * @param {string} error
 * @returns {Figures}
 */
function failed(error) {
  return { rate: 0, p50: null, p99: null, errors: [error] };
}

/**
 * @param {Row[]} rows
 * @param {{ entry: string, seconds: number }} options
 */
async function measureService(rows, { entry, seconds }) {
  console.error('starting the service …');
  const service = await startService(entry);
  const ids = await seededAgents(service);
  const [reporter = '', spender = reporter] = ids;
  const agents = { reporter, spender };
  console.error('filling the store …');
  await fillStore(service, agents);

  const measured = await measureRows(rows, (row) =>
    row.id === 'fan-out'
      ? measureFanOut(service, agents, { seconds })
      : row.kind === 'frames'
        ? measureFrames(service, agents, row.id, { seconds })
        : measureCall(service, agents, row.id, { seconds }),
  );

  const peakRssMb = await service.peakRssMb();
  const notes = [`service: healthy after ${service.startMs} ms, peak RSS ${peakRssMb ?? 'unknown'} MB`];
  if (ids.length < FULL_LIST) notes.push(`the list of agents held ${ids.length} agents, not ${FULL_LIST}`);
  const errors = (await service.stop()) ? [] : ['the service did not end on SIGTERM and was killed'];
  if (measured.some((row) => row.errors.length > 0) && service.logTail()) {
    notes.push(`end of the log of the service:\n${service.logTail()}`);
  }
  return { measured, notes, errors, service: { startMs: service.startMs, peakRssMb } };
}

/** @param {ReturnType<typeof parseOptions>} options */
async function main(options) {
  const machine = describeMachine();
  const limitRows = options.rows.filter((row) => row.kind === 'limit');
  const engineRows = options.rows.filter((row) => row.kind === 'engine');
  const seedRows = options.rows.filter((row) => row.kind === 'seed');
  const serviceRows = options.rows.filter((row) => row.kind === 'call' || row.kind === 'frames');

  const limits = await measureRows(limitRows, (row) => measureLimit(row.id, options));
  const engine = await measureRows(engineRows, (row) => measureEngine(row.id, options));
  const seeds = await measureRows(seedRows, (row) => measureSeed(row.id, options));
  const outcome = await (serviceRows.length > 0 ? measureService(serviceRows, options) : undefined)?.catch(
    (error) => ({ measured: [], notes: [], errors: [`the service: ${sentence(error)}`], service: null }),
  );

  const growth = await measureGrowth(options.sizes, options);
  const soaked = options.soakSeconds > 0 ? await soak(options.entry, options.soakSeconds) : null;
  const exported =
    options.exportEntries > 0
      ? await measureExport(options.entry, options.exportEntries, options.seconds)
      : null;

  if (wasInterrupted()) return INTERRUPTED;

  const rows = judge([...limits, ...engine, ...seeds, ...(outcome?.measured ?? [])]);
  const errors = rows.flatMap((row) => row.errors.map((error) => `${row.id}: ${error}`));
  errors.push(
    ...(outcome?.errors ?? []),
    ...growth.flatMap((size) => size.errors),
    ...(soaked?.errors ?? []),
    ...(exported?.errors ?? []),
  );

  console.log(`\n${machine.cpu}, ${machine.cores} cores, Node ${machine.node}, ${machine.date}`);
  console.log(`${options.seconds} s a measurement, load ${machine.loadBefore?.toFixed(2)} before\n`);
  if (rows.length > 0) console.log(table(rowCells(rows)));
  if (growth.length > 0) console.log(`\n${table(growthCells(growth))}`);
  if (soaked) console.log(`\n${table(soakCells(soaked))}`);
  if (exported) console.log(`\n${table(exportCells(exported))}`);
  for (const { id, note } of rows) if (note) console.log(`\n${id}: ${note}`);
  outcome?.notes.forEach((note) => console.log(`\n${note}`));
  errors.forEach((error) => console.log(`\n!!! ERROR ${error}`));

  await writeResults(options.out, {
    machine,
    seconds: options.seconds,
    sockets: options.sockets,
    service: outcome?.service ?? null,
    rows,
    growth,
    soak: soaked,
    export: exported,
    errors,
  });
  if (options.doc)
    await writeDocument(options.doc, { machine, seconds: options.seconds, rows, growth, soaked, exported });
  console.log(`\nwritten to ${options.out}`);
  return errors.length > 0 ? 1 : 0;
}

/** @returns {ReturnType<typeof parseOptions>} */
function optionsOrExit() {
  try {
    return parseOptions(process.argv.slice(2));
  } catch (error) {
    console.error(`${sentence(error)}\n\n${HELP}`);
    process.exit(2);
  }
}

const options = optionsOrExit();
if (options.help) {
  process.stdout.write(HELP);
} else {
  cleanUpOnExit();
  try {
    process.exitCode = await main(options);
  } finally {
    await cleanUp();
  }
}
