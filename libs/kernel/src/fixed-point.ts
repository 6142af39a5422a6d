/**
 * Decimal quantities are stored as integers, so that sums are exact on every database:
 * money in micro-USD, durations in microseconds, scores in 10⁻⁹.
 */
const MICRO = 6;
const NANO = 9;

/**
 * `value` × 10^`digits`, rounded half up on its decimal digits and not on its binary approximation.
 * @param value not negative.
 */
function scale(value: number, digits: number): number {
  if (Number.isInteger(value)) return value * 10 ** digits;
  const [mantissa = '', exponent = '0'] = String(value).split('e');
  const [whole = '', fraction = ''] = mantissa.split('.');
  const text = whole + fraction;
  // Where the decimal point stands once it has moved; multiplying instead would round twice.
  const point = whole.length + Number(exponent) + digits;
  if (point < 0) return 0;
  const kept = Number(text.slice(0, point).padEnd(point, '0'));
  return text.charAt(point) >= '5' ? kept + 1 : kept;
}

/** USD → micro-USD. */
export const toMicroUsd = (usd: number): number => scale(usd, MICRO);
/** micro-USD → USD. */
export const fromMicroUsd = (micro: number): number => micro / 10 ** MICRO;
/** Milliseconds → microseconds. */
export const toMicros = (ms: number): number => scale(ms, 3);
/** Microseconds → milliseconds. */
export const fromMicros = (us: number): number => us / 1000;
/** A score of 0–1 → 10⁻⁹. */
export const toNano = (score: number): number => scale(score, NANO);
/** 10⁻⁹ → a score of 0–1. */
export const fromNano = (nano: number): number => nano / 10 ** NANO;
