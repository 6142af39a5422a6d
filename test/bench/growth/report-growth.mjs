// @ts-check
/** Puts the figures of growing stores side by side. */
import { hitOrMiss } from '../report.mjs';
import { latencyChart } from './chart.mjs';
import { MEASURES } from './measures.mjs';

/**
 * @typedef {import('./measure-growth.mjs').SizeFigures} SizeFigures
 * @typedef {import('./measures.mjs').Measure} Measure
 */

/** How soon a store of how many rows is to answer. */
const START = { rows: 1_000_000, ms: 1500 };
const RSS_MB = 200;

/**
 * One line a call: its figure at each size, how that grew, and whether it was allowed to.
 * @param {SizeFigures[]} sizes ascending
 * @returns {string[][]} with a heading
 */
export function growthCells(sizes) {
  const heading = [
    'call',
    ...sizes.map(({ rows }) => `${rows.toLocaleString('en-US')} rows`),
    'growth',
    'target',
    '',
  ];
  const started = sizes.find(({ rows }) => rows === START.rows)?.startMs;
  const starts = [
    'ready after',
    ...sizes.map(({ startMs }) => `${startMs ?? '?'} ms`),
    '',
    `< ${START.ms} ms at ${START.rows.toLocaleString('en-US')}`,
    started == null ? '' : hitOrMiss(started < START.ms),
  ];
  const memory = [
    'peak RSS',
    ...sizes.map(({ peakRssMb }) => `${peakRssMb ?? '?'} MB`),
    '',
    `< ${RSS_MB} MB`,
    hitOrMiss(sizes.every(({ peakRssMb }) => (peakRssMb ?? Infinity) < RSS_MB)),
  ];
  return [heading, ...MEASURES.map((measure) => cellsOf(measure, sizes)), starts, memory];
}

/** @param {Measure} measure @param {SizeFigures[]} sizes */
function cellsOf(measure, sizes) {
  const figures = sizes.map(({ calls }) => calls[measure.id]);
  const growth = growthOf(measure, sizes);
  const last = figures.at(-1)?.p99 ?? null;
  const { target } = measure;
  const hit =
    (target.p99 === undefined || (last !== null && last < target.p99)) &&
    (target.growth === undefined || (growth !== null && growth <= target.growth)) &&
    (target.kept === undefined || (growth !== null && growth >= target.kept));
  const targets = [
    ...(target.p99 === undefined ? [] : [`p99 < ${target.p99} ms`]),
    ...(target.growth === undefined ? [] : [`p50 ≤ ${target.growth} ×`]),
    ...(target.kept === undefined ? [] : [`rate ≥ ${target.kept} ×`]),
  ];
  return [
    measure.title,
    ...figures.map((figure) => (figure ? shown(measure, figure) : '')),
    growth === null ? '' : `${growth.toFixed(2)} ×`,
    targets.join(', '),
    hitOrMiss(hit),
  ];
}

/**
 * @param {Measure} measure
 * @param {{ rate: number, p50: number | null, p99: number | null }} figure
 */
function shown(measure, { rate, p50, p99 }) {
  const times = `p50 ${p50?.toFixed(1) ?? '?'}, p99 ${p99?.toFixed(1) ?? '?'} ms`;
  return measure.write ? `${Math.round(rate).toLocaleString('en-US')}/s, ${times}` : times;
}

/**
 * @param {Measure} measure
 * @param {SizeFigures[]} sizes
 * @returns {number | null} of the rate for a write, of the p50 for a read; the largest store over the smallest
 */
function growthOf(measure, sizes) {
  const [first, last] = [sizes[0]?.calls[measure.id], sizes.at(-1)?.calls[measure.id]];
  if (!first || !last || sizes.length < 2) return null;
  if (measure.write) return first.rate > 0 ? last.rate / first.rate : null;
  return first.p50 && last.p50 ? last.p50 / first.p50 : null;
}

/** @param {SizeFigures[]} sizes @returns {string} SVG: p99 of every read against rows */
export function growthChart(sizes) {
  const reads = MEASURES.filter(({ path }) => path !== undefined);
  return latencyChart(
    reads.map(({ id, title }) => ({
      title,
      points: sizes.flatMap(({ rows, calls }) => {
        const ms = calls[id]?.p99;
        return ms ? [{ rows, ms }] : [];
      }),
    })),
  );
}
