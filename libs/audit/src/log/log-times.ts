/** How far the times of the log may run against its order: entries that wait together, a clock that is set back. */
const DISORDER_MS = 60 * 60_000;

/** A power of two above any sequence number. */
const FIRST_STEP = 2 ** 40;

/**
 * The sequence number of the last entry before the first that is not older than a time, if times rose with the order.
 * It is found by halving steps, some forty look-ups of the primary key, since the times have no index.
 */
const lastOlder = (table: string): string => `(
    WITH RECURSIVE older(edge, step) AS (
      SELECT CAST(0 AS BIGINT), CAST(${FIRST_STEP} AS BIGINT)
      UNION ALL
      SELECT CASE
          WHEN (SELECT recorded_at FROM ${table} WHERE seq >= edge + step ORDER BY seq LIMIT 1) < ? THEN edge + step
          ELSE edge
        END, step / 2
      FROM older WHERE step > 0
    )
    SELECT edge FROM older WHERE step = 0
  )`;

/** A condition of SQL with one parameter, and what that is for a time in milliseconds UTC. */
export interface SeqBound {
  readonly sql: string;
  readonly parameter: (time: number) => number;
}

/**
 * Bounds of the sequence numbers between which all entries of a period are, so that no other part of the log is
 * walked; besides them it takes the condition on `recorded_at`. Up to an hour's entries at each end are walked in vain.
 * @param table the log, or a view of it. @param seq what the number is called.
 */
export function seqBounds(table: string, seq = 'seq'): { readonly from: SeqBound; readonly to: SeqBound } {
  return {
    from: { sql: `${seq} > ${lastOlder(table)}`, parameter: (time) => time - DISORDER_MS },
    to: { sql: `${seq} <= ${lastOlder(table)}`, parameter: (time) => time + DISORDER_MS },
  };
}
