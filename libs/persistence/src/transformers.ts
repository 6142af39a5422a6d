import type { ValueTransformer } from 'typeorm';

/** JSON in a text column; null stays null. */
export const jsonText: ValueTransformer = {
  to: (value: unknown) => (value === null || value === undefined ? null : JSON.stringify(value)),
  from: (text: string | null) => (text === null ? null : (JSON.parse(text) as unknown)),
};

/** A boolean as 0 or 1, since the dialects disagree on booleans. */
export const zeroOrOne: ValueTransformer = {
  to: (value: boolean | null | undefined) => (value === null || value === undefined ? value : value ? 1 : 0),
  from: (value: number | null) => (value === null ? null : value !== 0),
};
