// @ts-check
/** Nearest-rank percentiles. */

/**
 * @param {number[]} values in any order
 * @returns {{ p50: number | null, p99: number | null }} null where there are no values
 */
export function percentiles(values) {
  const sorted = Float64Array.from(values).sort();
  /** @param {number} share 0–1 */
  const at = (share) => sorted[Math.ceil(share * sorted.length) - 1] ?? null;
  return { p50: at(0.5), p99: at(0.99) };
}
