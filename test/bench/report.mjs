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
function verdict({ target, p99 }, ratio) {
  if (!target) return null;
  if (target.ratio !== undefined && ratio === null) return null;
  if (target.p99 !== undefined && p99 === null) return null;
  const fast = target.ratio === undefined || (ratio ?? 0) >= target.ratio;
  const prompt = target.p99 === undefined || (p99 ?? Infinity) < target.p99;
  return fast && prompt ? 'hit' : 'miss';
}

const HEADINGS = ['row', 'what', 'rate', '', 'p50 ms', 'p99 ms', 'ratio', 'target', '', 'older', 'faster'];
/** Columns of words; the others hold numbers and are aligned to the right. */
const WORDS = new Set([0, 1, 3, 6, 7, 8]);

/**
 * @param {Judged[]} rows
 * @returns {string}
 */
export function table(rows) {
  const cells = [HEADINGS, ...rows.map(cellsOf)];
  const widths = HEADINGS.map((_, column) => Math.max(...cells.map((line) => (line[column] ?? '').length)));
  const lines = cells.map((line) =>
    line
      .map((text, column) => {
        const width = widths[column] ?? 0;
        return WORDS.has(column) ? text.padEnd(width) : text.padStart(width);
      })
      .join('  ')
      .trimEnd(),
  );
  const rule = '-'.repeat(Math.max(...lines.map((line) => line.length)));
  return [lines[0], rule, ...lines.slice(1)].join('\n');
}

/** @param {Judged} row */
function cellsOf(row) {
  const { ratio, p99 } = row.target ?? {};
  const targets = [ratio === undefined ? '' : `≥ ${ratio} ×`, p99 === undefined ? '' : `p99 < ${p99} ms`];
  return [
    row.id,
    row.title,
    whole(row.rate),
    row.unit ?? 'requests/s',
    decimals(row.p50),
    decimals(row.p99),
    row.ratio === null ? '' : `${row.ratio.toFixed(2)} × ${row.limit}`,
    targets.filter(Boolean).join(', '),
    row.errors.length > 0 ? 'ERROR' : (row.verdict ?? ''),
    row.older ? whole(row.older) : '',
    row.timesOlder === null ? '' : `${row.timesOlder.toFixed(1)} ×`,
  ];
}

/** @param {number} value */
function whole(value) {
  return Math.round(value).toLocaleString('en-US');
}

/** @param {number | null} value */
function decimals(value) {
  return value === null ? '' : value.toFixed(2);
}

/**
 * @param {string} file
 * @param {unknown} results
 */
export async function writeResults(file, results) {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, `${JSON.stringify(results, null, 2)}\n`);
}
