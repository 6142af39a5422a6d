import type { Dialect } from '#persistence';

/** Is in a JSON list of whole numbers. */
export const IN_NUMBERS: Readonly<Record<Dialect, string>> = {
  sqlite: 'IN (SELECT value FROM json_each(?))',
  postgres: '= ANY (ARRAY(SELECT CAST(jsonb_array_elements_text(CAST(? AS jsonb)) AS BIGINT)))',
};
