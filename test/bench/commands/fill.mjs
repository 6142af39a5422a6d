// @ts-check
/** How long commands are made. */

/** Bytes that a command may have. */
export const MAX_LENGTH = 16_384;

/**
 * As often as it fits between a beginning and an end.
 * @param {string} unit
 * @param {string} [start]
 * @param {string} [end]
 */
export function fill(unit, start = '', end = '') {
  const times = Math.floor((MAX_LENGTH - start.length - end.length) / unit.length);
  return start + unit.repeat(times) + end;
}

/**
 * @param {string} open
 * @param {string} close
 * @param {number} depth
 * @param {string} [inner]
 */
export function nest(open, close, depth, inner = '') {
  return open.repeat(depth) + inner + close.repeat(depth);
}

/**
 * Nested as deep as the limits allow, filled to the legal length.
 * @param {string} open
 * @param {string} close
 * @param {number} depth
 * @param {string} unit
 */
export function deep(open, close, depth, unit) {
  const room = MAX_LENGTH - depth * (open.length + close.length) - unit.length - 1;
  return nest(open, close, depth, `${fill(unit).slice(0, room)}\n:`);
}

/** @param {string} text */
export const quote = (text) => `'${text.replaceAll("'", `'\\''`)}'`;

/**
 * @param {string} text
 * @param {number} times
 * @param {(text: string) => string} wrap
 */
export function wrapped(text, times, wrap) {
  let inner = text;
  for (let depth = 0; depth < times; depth += 1) inner = wrap(inner);
  return inner;
}

/** @param {string} text */
export const backticks = (text) => '`' + text.replace(/[\\`]/g, '\\$&') + '`';
