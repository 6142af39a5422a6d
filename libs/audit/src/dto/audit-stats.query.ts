import { EnumField, parseTime, TextField, TimeField } from '#contract';
import { ValidationFailed } from '#kernel';
import { COUNT_GROUPS, type CountGroup } from '../counts/audit-counts.repository.js';

const DAY_MS = 86_400_000;
const LAST_DAY = Date.UTC(9999, 11, 31);

/** Whole days of UTC, milliseconds. */
export interface CountedDays {
  readonly from: number;
  readonly to: number;
  /** Whether they are more than was asked for. */
  readonly widened: boolean;
}

export class AuditStatsQuery {
  @TextField({
    description: 'UUID or name of an agent, or the text that was sent as its id.',
    example: 'coder',
  })
  agent_id?: string;

  @TimeField({
    description: 'From the day of UTC on in which this time lies, ISO 8601.',
    example: '2026-01-05',
  })
  start_date?: string;

  @TimeField({
    description: 'Before this time, ISO 8601, or to the end of the day of UTC in which it lies.',
    example: '2026-01-06',
  })
  end_date?: string;

  @EnumField(COUNT_GROUPS, {
    description: 'What to count in `groups`: 1,000 at the most, the largest first, or the newest days.',
    example: 'day',
  })
  group_by?: CountGroup;

  /** The days in which the dates lie. @throws ValidationFailed where there is no time between the dates. */
  days(): CountedDays | undefined {
    if (this.start_date === undefined && this.end_date === undefined) return undefined;
    const from = this.start_date === undefined ? 0 : (parseTime(this.start_date) ?? 0);
    const to = this.end_date === undefined ? LAST_DAY : (parseTime(this.end_date) ?? LAST_DAY);
    if (from >= to) throw new ValidationFailed([{ path: 'start_date', message: 'must be before end_date' }]);
    const days = { from: Math.floor(from / DAY_MS) * DAY_MS, to: Math.ceil(to / DAY_MS) * DAY_MS };
    return { ...days, widened: days.from !== from || days.to !== to };
  }
}
