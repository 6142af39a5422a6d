// @ts-check
/** Turns figures into the table that people read and the JSON that tools read. */
import { mkdir, writeFile } from 'node:fs/promises';
import { cpus, loadavg, totalmem } from 'node:os';
import { dirname } from 'node:path';

/**
 * @typedef {object} Figures
 * @property {number} rate
 * @property {number | null} p50 ms
 * @property {number | null} p99 ms
 * @property {number} [worst] ms
 * @property {string} [note] printed below the table
 * @property {string[]} errors
 *
 * @typedef {import('./rows.mjs').Row & Figures} Measured
 *
 * @typedef {Measured & { ratio: number | null, verdict: 'hit' | 'miss' | null, timesOlder: number | null }} Judged
 */

export function describeMachine() {
  const processors = cpus();
  return {
    cpu: processors[0]?.model.trim() ?? 'unknown',
    cores: processors.length,
    memoryGb: Math.round(totalmem() / 1e8) / 10,
    loadBefore: loadavg()[0],
    node: process.version,
    date: new Date().toISOString(),
  };
}

/**
 * @param {Measured[]} measured
 * @returns {Judged[]}
 */
export function judge(measured) {
  return measured.map((row) => {
    const limit = measured.find((other) => other.id === row.limit);
    const ratio = limit && limit.rate > 0 ? row.rate / limit.rate : null;
    return {
      ...row,
      ratio,
      verdict: verdict(row, ratio),
      timesOlder: row.older ? row.rate / row.older : null,
    };
  });
}

/**
 * @param {Measured} row
 * @param {number | null} ratio
 * @returns {'hit' | 'miss' | null} null without a target, or where a figure is missing
 */
function verdict({ target, p50, p99, worst }, ratio) {
  if (!target) return null;
  if (target.ratio !== undefined && ratio === null) return null;
  const times = [
    [target.p50, p50],
    [target.p99, p99],
    [target.worst, worst],
  ].filter(([below]) => below !== undefined);
  if (times.some(([, time]) => time === null || time === undefined)) return null;
  const fast = target.ratio === undefined || (ratio ?? 0) >= target.ratio;
  const prompt = times.every(([below, time]) => (time ?? Infinity) < (below ?? 0));
  return hitOrMiss(fast && prompt);
}

/** @param {boolean} hit */
export function hitOrMiss(hit) {
  return hit ? 'hit' : 'miss';
}

const HEADINGS = ['row', 'what', 'rate', '', 'p50', 'p99', 'worst', 'ratio', 'target', '', 'older', 'faster'];

/**
 * @param {Judged[]} rows
 * @returns {string[][]} with a heading
 */
export function rowCells(rows) {
  return [HEADINGS, ...rows.map(cellsOf)];
}

/** A cell that is read as a number, which stands at the right. */
const NUMBER = /^[\d,.]+( (ms|µs|MB|×|s))?$/;

/**
 * @param {string[][]} cells lines of a table, the heading first
 * @returns {string} for a terminal
 */
export function table(cells) {
  const columns = (cells[0] ?? []).map((_, column) => cells.map((line) => line[column] ?? ''));
  const numbers = columns.map(([, ...values]) => values.every((value) => value === '' || NUMBER.test(value)));
  const widths = columns.map((values) => Math.max(...values.map((value) => value.length)));
  const lines = cells.map((line) =>
    line
      .map((text, column) => {
        const width = widths[column] ?? 0;
        return numbers[column] ? text.padStart(width) : text.padEnd(width);
      })
      .join('  ')
      .trimEnd(),
  );
  const rule = '-'.repeat(Math.max(...lines.map((line) => line.length)));
  return [lines[0], rule, ...lines.slice(1)].join('\n');
}

/** @param {Judged} row */
function cellsOf(row) {
  const { ratio, ...times } = row.target ?? {};
  const targets = ratio === undefined ? [] : [`≥ ${ratio} ×`];
  for (const [name, below] of Object.entries(times)) targets.push(`${name} < ${inUnit(below, row, 0)}`);
  return [
    row.id,
    row.title,
    whole(row.rate),
    row.unit ?? 'requests/s',
    inUnit(row.p50, row),
    inUnit(row.p99, row),
    inUnit(row.worst ?? null, row),
    row.ratio === null ? '' : `${row.ratio.toFixed(2)} × ${row.limit}`,
    targets.join(', '),
    row.errors.length > 0 ? 'ERROR' : (row.verdict ?? ''),
    row.older ? whole(row.older) : '',
    row.timesOlder === null ? '' : `${row.timesOlder.toFixed(1)} ×`,
  ];
}

/** @param {number} value */
function whole(value) {
  return Math.round(value).toLocaleString('en-US');
}

/**
 * @param {number | null} ms
 * @param {import('./rows.mjs').Row} row
 */
function inUnit(ms, { time }, digits = 2) {
  if (ms === null) return '';
  return time === 'µs' ? `${(ms * 1000).toFixed(digits)} µs` : `${ms.toFixed(digits)} ms`;
}

/**
 * @param {string} file
 * @param {unknown} results
 */
export async function writeResults(file, results) {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, `${JSON.stringify(results, null, 2)}\n`);
}
