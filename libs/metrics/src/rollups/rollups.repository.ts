import { Injectable } from '@nestjs/common';
import { formatTime } from '#contract';
import { ValidationFailed } from '#kernel';
import { type Dialect, Reader } from '#persistence';
import { DurationSketch } from './duration-sketch.js';
import { answerable, type Kept, type Level, levelsOf } from './levels.js';
import { type MetricGroup, regrouped } from './metric-figures.js';
import { PERIOD_SUMS } from './metric-sums.js';
import { SegmentMemo, type SegmentSums } from './segment-memo.js';
import { isTogether, type MetricQuestion, sumsSql, unionOf, versionSql } from './segment-sql.js';
import { MINUTE_MS, type TimeRange } from './time-range.js';

export interface MetricAnswer {
  /** The range that was answered: wider than asked for where metrics are gone. */
  readonly range: TimeRange;
  readonly groups: readonly MetricGroup[];
}

/** The state of the buckets, and of a part that was asked for either a group or, alone, the version. */
type Row = Omit<MetricGroup, 'times'> & {
  built: number;
  raw_from: number;
  summed_to: number;
  builds: number;
  part: number | null;
  version: number | null;
  times: string | null;
};

/** A level of a range with what is known of it, and with what one statement says of it. */
interface Piece {
  readonly level: Level;
  readonly name: string;
  readonly known: SegmentSums | undefined;
  readonly groups: MetricGroup[];
  version: number | null;
}

/** The same number, as SQLite's JSON has it with all digits: where that is exact, a whole number. */
const WHOLE: Readonly<Record<Dialect, (column: string) => string>> = {
  sqlite: (column) => `iif(g.${column} < 9e18, CAST(g.${column} AS INTEGER), g.${column}) AS ${column}`,
  postgres: (column) => `g.${column}`,
};

/**
 * Answers over any range: whole buckets from the rows that were summed at the time, the edges from the metrics. What a
 * level of buckets gave is kept, and asked again only after something was added to it.
 */
@Injectable()
export class RollupsRepository {
  private kept: Kept = { built: true, rawFrom: 0, summedTo: 0 };
  /** How often the buckets had been counted anew when what is in `memo` was read. */
  private builds = 0;
  private readonly memo = new SegmentMemo();
  private readonly columns: readonly string[];

  constructor(private readonly reader: Reader) {
    this.columns = [
      ...[
        'state.built',
        'state.raw_from',
        'state.summed_to',
        'state.builds',
        'g.part',
        'g.version',
        'g.key',
        'g.bucket',
      ],
      ...PERIOD_SUMS.map(WHOLE[reader.dialect]),
      ...['g.min AS executionTimeMin', 'g.max AS executionTimeMax', 'g.times'],
    ];
  }

  /** @param limit of the groups. @throws StoreUnavailable, ValidationFailed for minutes that are gone */
  async answer(question: MetricQuestion, limit: number): Promise<MetricAnswer> {
    for (let fromMemo = true; ;) {
      const { kept, builds } = this;
      const range = answerable(question.range, kept);
      const cutting = { longest: question.bucketMs, together: isTogether(question) };
      const pieces = levelsOf(range, kept, cutting).map((level): Piece => {
        const name = JSON.stringify([{ ...question, range: null }, level, limit]);
        const known = fromMemo && level.source !== 'metrics' ? this.memo.get(name) : undefined;
        return { level, name, known, groups: [], version: null };
      });
      // One statement sees one moment. What it says of that moment is what the range had to be cut by, and what the
      // pieces had to be made from.
      const state = await this.ask(question, pieces, limit);
      // More than was known may be summed up by now, never less.
      this.kept = { ...this.kept, summedTo: Math.max(this.kept.summedTo, state.summedTo) };
      if (state.built !== kept.built || state.rawFrom !== kept.rawFrom || state.builds !== builds) {
        this.kept = { built: state.built, rawFrom: state.rawFrom, summedTo: state.summedTo };
        this.builds = state.builds;
        this.memo.clear();
      } else if (pieces.some(({ known, version }) => known && known.version !== version)) {
        fromMemo = false;
      } else {
        if (range.from < kept.rawFrom && question.bucketMs === MINUTE_MS) throw minutesAreGone(kept.rawFrom);
        return { range, groups: this.collect(pieces).slice(0, limit) };
      }
    }
  }

  /** Fills in the pieces. */
  private async ask(
    question: MetricQuestion,
    pieces: readonly Piece[],
    limit: number,
  ): Promise<Kept & { builds: number }> {
    const { dialect } = this.reader;
    const asked = pieces.flatMap((piece) => [
      ...(piece.level.source === 'metrics' ? [] : [{ piece, ...versionSql(question, piece.level) }]),
      ...(piece.known ? [] : [{ piece, ...sumsSql(question, piece.level, limit, dialect) }]),
    ]);
    const { sql, parameters } = unionOf(asked);
    const from = `FROM metric_rollup_state state LEFT JOIN (${sql}) g ON TRUE`;
    const rows = await this.reader.select<Row>(this.columns, from, parameters);
    for (const row of rows) {
      const piece = asked[row.part ?? -1]?.piece;
      if (row.version !== null && piece) piece.version = row.version;
      else piece?.groups.push({ ...row, times: DurationSketch.merged(row.times) });
    }
    const [state] = rows;
    return {
      built: Boolean(state?.built ?? 1),
      rawFrom: state?.raw_from ?? 0,
      summedTo: state?.summed_to ?? 0,
      builds: state?.builds ?? 0,
    };
  }

  private collect(pieces: readonly Piece[]): MetricGroup[] {
    for (const { name, known, version, groups } of pieces) {
      if (!known && version !== null) this.memo.set(name, { version, groups });
    }
    return regrouped(pieces.flatMap(({ known, groups }) => known?.groups ?? groups));
  }
}

function minutesAreGone(rawFrom: number): ValidationFailed {
  const message = `must be an hour or a day for times before ${formatTime(rawFrom)}, whose minutes are gone`;
  return new ValidationFailed([{ path: 'bucket', message }]);
}
