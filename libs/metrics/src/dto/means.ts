import { fromMicros, fromNano } from '#kernel';
import type { MetricSums } from '../rollups/metric-sums.js';

const mean = (sum: number, rows: number): number => (rows === 0 ? 0 : sum / rows);

/** Successes among those that say, 0–1. */
export const successRate = (sums: MetricSums): number => mean(sums.succeeded, sums.succeeded + sums.failed);
/** Milliseconds. */
export const meanTime = (sums: MetricSums): number =>
  fromMicros(mean(sums.execution_time_us, sums.execution_time_rows));
/** 0–1. */
export const meanQuality = (sums: MetricSums): number => fromNano(mean(sums.quality_nano, sums.quality_rows));
