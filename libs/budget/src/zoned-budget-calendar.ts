import { Inject, Injectable } from '@nestjs/common';
import { DateTime } from 'luxon';
import { CONFIG, type Config } from '#config';
import { BudgetCalendar, type BudgetDay, Clock } from '#kernel';

/** Budget days of the configured time zone, whatever daylight saving makes of their length. */
@Injectable()
export class ZonedBudgetCalendar extends BudgetCalendar {
  private current: BudgetDay & { readonly endsAt: number } = { date: '', month: '', startedAt: 0, endsAt: 0 };

  constructor(
    @Inject(CONFIG) private readonly config: Pick<Config, 'budgetTimezone'>,
    private readonly clock: Clock,
  ) {
    super();
  }

  today(): BudgetDay {
    const now = this.clock.now();
    if (now < this.current.startedAt || now >= this.current.endsAt) {
      const start = midnight(DateTime.fromMillis(now, { zone: this.config.budgetTimezone }));
      this.current = {
        date: start.toFormat('yyyy-MM-dd'),
        month: start.toFormat('yyyy-MM'),
        startedAt: start.toMillis(),
        endsAt: midnight(start.plus({ days: 1 })).toMillis(),
      };
    }
    return this.current;
  }
}

/** The first moment of the day; where clocks go back over midnight, there are two that say 00:00. */
function midnight(time: DateTime): DateTime {
  return DateTime.min(...time.startOf('day').getPossibleOffsets()) ?? time;
}
