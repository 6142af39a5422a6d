import { describe, expect, it } from '@jest/globals';
import { Clock } from '#kernel';
import { ZonedBudgetCalendar } from './zoned-budget-calendar.js';

const HOUR_MS = 3_600_000;

class FixedClock extends Clock {
  constructor(public time: number) {
    super();
  }

  now(): number {
    return this.time;
  }
}

function calendarAt(zone: string, time: string): { clock: FixedClock; calendar: ZonedBudgetCalendar } {
  const clock = new FixedClock(Date.parse(time));
  return { clock, calendar: new ZonedBudgetCalendar({ budgetTimezone: zone }, clock) };
}

function day(zone: string, time: string): { date: string; startedAt: string } {
  const { date, startedAt } = calendarAt(zone, time).calendar.today();
  return { date, startedAt: new Date(startedAt).toISOString() };
}

describe('the budget day', () => {
  it.each([
    ['UTC', '2026-01-31T00:00:00.000Z', '2026-01-31', '2026-01-31T00:00:00.000Z'],
    ['UTC', '2026-01-31T23:59:59.999Z', '2026-01-31', '2026-01-31T00:00:00.000Z'],
    ['UTC', '2026-02-01T00:00:00.000Z', '2026-02-01', '2026-02-01T00:00:00.000Z'],
    ['Europe/Berlin', '2026-01-31T22:59:59.999Z', '2026-01-31', '2026-01-30T23:00:00.000Z'],
    ['Europe/Berlin', '2026-01-31T23:00:00.000Z', '2026-02-01', '2026-01-31T23:00:00.000Z'],
    ['Europe/Berlin', '2026-03-29T12:00:00.000Z', '2026-03-29', '2026-03-28T23:00:00.000Z'],
    ['Europe/Berlin', '2026-03-29T22:00:00.000Z', '2026-03-30', '2026-03-29T22:00:00.000Z'],
    ['Europe/Berlin', '2026-10-25T00:30:00.000Z', '2026-10-25', '2026-10-24T22:00:00.000Z'],
    ['Europe/Berlin', '2026-10-25T22:59:59.999Z', '2026-10-25', '2026-10-24T22:00:00.000Z'],
    // In Santiago clocks change at midnight: in spring there is none, in autumn 23:00 to 24:00 comes twice.
    ['America/Santiago', '2026-09-06T03:59:59.999Z', '2026-09-05', '2026-09-05T04:00:00.000Z'],
    ['America/Santiago', '2026-09-06T04:00:00.000Z', '2026-09-06', '2026-09-06T04:00:00.000Z'],
    ['America/Santiago', '2026-04-05T02:30:00.000Z', '2026-04-04', '2026-04-04T03:00:00.000Z'],
    ['America/Santiago', '2026-04-05T03:30:00.000Z', '2026-04-04', '2026-04-04T03:00:00.000Z'],
    ['America/Santiago', '2026-04-05T04:00:00.000Z', '2026-04-05', '2026-04-05T04:00:00.000Z'],
    ['Pacific/Kiritimati', '2026-01-31T10:00:00.000Z', '2026-02-01', '2026-01-31T10:00:00.000Z'],
    ['Asia/Kathmandu', '2026-01-31T18:15:00.000Z', '2026-02-01', '2026-01-31T18:15:00.000Z'],
  ])('in %s at %s is %s and began at %s', (zone, time, date, startedAt) => {
    expect(day(zone, time)).toEqual({ date, startedAt });
  });

  it.each([
    ['Europe/Berlin', '2026-01-15T12:00:00Z', 24],
    ['Europe/Berlin', '2026-03-29T12:00:00Z', 23],
    ['Europe/Berlin', '2026-10-25T12:00:00Z', 25],
    ['America/Santiago', '2026-09-06T12:00:00Z', 23],
    ['America/Santiago', '2026-04-04T12:00:00Z', 25],
    ['America/Havana', '2026-03-08T12:00:00Z', 23],
    ['America/Havana', '2026-11-01T12:00:00Z', 25],
  ])('in %s around %s is %d hours long', (zone, time, hours) => {
    const { clock, calendar } = calendarAt(zone, time);
    const { date, startedAt } = calendar.today();
    clock.time = startedAt - 1;
    expect(calendar.today().date).not.toBe(date);
    clock.time = startedAt + hours * HOUR_MS - 1;
    expect(calendar.today()).toMatchObject({ date, startedAt });
    clock.time += 1;
    expect(calendar.today().date > date).toBe(true);
    expect(calendar.today().startedAt).toBe(clock.time);
  });

  it.each([
    'Europe/Berlin',
    'America/Santiago',
    'America/Havana',
    'Africa/Cairo',
    'Australia/Lord_Howe',
    'UTC',
  ])(
    'has the date of the wall clock at every quarter of an hour of a year in %s, and only goes forward',
    (zone) => {
      const format = new Intl.DateTimeFormat('en-CA', { timeZone: zone, dateStyle: 'short' });
      const { clock, calendar } = calendarAt(zone, '2026-01-01T00:00:00Z');
      const starts = new Set<number>();
      for (const end = Date.parse('2027-01-01T00:00:00Z'); clock.time < end; clock.time += HOUR_MS / 4) {
        const { date, month, startedAt } = calendar.today();
        if (date !== format.format(clock.time) || !date.startsWith(`${month}-`) || startedAt > clock.time) {
          throw new Error(`${new Date(clock.time).toISOString()}: ${date} since ${startedAt}`);
        }
        starts.add(startedAt);
      }
      expect(starts.size).toBe(zone === 'UTC' ? 365 : 366);
    },
  );

  it.each([
    ['UTC', '2026-01-31T23:59:59.999Z', '2026-01'],
    ['UTC', '2026-02-01T00:00:00.000Z', '2026-02'],
    ['Europe/Berlin', '2026-12-31T22:59:59.999Z', '2026-12'],
    ['Europe/Berlin', '2026-12-31T23:00:00.000Z', '2027-01'],
    ['Europe/Berlin', '2026-03-31T21:59:59.999Z', '2026-03'],
    ['Europe/Berlin', '2026-03-31T22:00:00.000Z', '2026-04'],
    // In Havana clocks go back at one o'clock on the first of November, so that its first hour comes twice.
    ['America/Havana', '2026-11-01T03:59:59.999Z', '2026-10'],
    ['America/Havana', '2026-11-01T04:00:00.000Z', '2026-11'],
    ['America/Havana', '2026-11-01T05:00:00.000Z', '2026-11'],
    ['Pacific/Kiritimati', '2026-01-31T10:00:00.000Z', '2026-02'],
  ])('in %s at %s is of the month %s', (zone, time, month) => {
    expect(calendarAt(zone, time).calendar.today().month).toBe(month);
  });

  it('goes back with a clock that is set back', () => {
    const { clock, calendar } = calendarAt('UTC', '2026-02-01T00:00:00Z');
    expect(calendar.today().date).toBe('2026-02-01');
    clock.time -= 1;
    expect(calendar.today().date).toBe('2026-01-31');
  });
});
