// @ts-check
/** Commands of legal length that are laborious to read, for the benchmark and for the test of the work they make. */
import { CORNERS } from './corners.mjs';
import { GRAMMAR } from './grammar.mjs';
import { NESTED_CODE } from './nested-code.mjs';

/**
 * Whether read or refused, the answer must come soon.
 * @type {Readonly<Record<string, string>>}
 */
export const SHAPES = { ...GRAMMAR, ...NESTED_CODE, ...CORNERS };
