import { describe, expect, it } from '@jest/globals';
import { RULES, START } from '../test/history.js';
import { MANY, MOST_SUBJECTS, RaisedAlerts, type RaisedRow } from './raised-alerts.js';

const rule = RULES[0]!;
const { repeatMs } = rule;
const other = RULES[1]!;

describe('what was told', () => {
  it('is told again once its time is over, and not before, on whichever side', () => {
    const raised = new RaisedAlerts([]);
    const take = (at: number) => raised.take({ rule, key: 'a', at }) !== null;
    expect([START, START, START + repeatMs - 1, START - repeatMs + 1].map(take)).toEqual([
      ...[true, false, false, false],
    ]);
    expect(take(START + repeatMs)).toBe(true);
    // A clock that was set back by a day keeps nothing quiet until it is that day again.
    expect(take(START - 86_400_000)).toBe(true);
  });

  it('is remembered by what was kept, for its rule and its subject alone', () => {
    const { isMany, ...row } = new RaisedAlerts([]).take({ rule, key: 'a', at: START })!;
    expect(isMany).toBe(false);
    expect(JSON.stringify(row)).not.toContain('"a"');
    const raised = new RaisedAlerts([row]);
    expect(raised.take({ rule, key: 'a', at: START + 1 })).toBeNull();
    expect(raised.take({ rule, key: 'b', at: START + 1 })).not.toBeNull();
    expect(raised.take({ rule: other, key: 'a', at: START + 1 })).not.toBeNull();
  });

  it('stands for many where many meet a rule at once, once', () => {
    const kept: RaisedRow[] = [];
    const take = (key: string, at: number) => {
      const row = new RaisedAlerts(kept).take({ rule, key, at });
      if (row) kept.push(row);
      return row;
    };
    for (let n = 0; n < MOST_SUBJECTS; n += 1) expect(take(`agent ${n}`, START)?.isMany).toBe(false);
    expect(take('one more', START + 1)).toMatchObject({ subject: MANY, isMany: true });
    for (let n = 0; n < 200; n += 1) expect(take(`another ${n}`, START + 2)).toBeNull();
    expect(take('agent 0', START + 3)).toBeNull();
    // The first ones are told again when their time is over.
    expect(take('later', START + repeatMs)?.isMany).toBe(false);
    expect(new RaisedAlerts(kept).take({ rule: other, key: 'x', at: START })?.isMany).toBe(false);
  });

  it('takes an agent of the name of many for what it is', () => {
    const raised = new RaisedAlerts([]);
    expect(raised.take({ rule, key: MANY, at: START })).toMatchObject({ isMany: false });
    expect(raised.take({ rule, key: 'b', at: START })).toMatchObject({ isMany: false });
  });
});
