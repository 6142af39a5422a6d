import { describe, expect, it } from '@jest/globals';
import type { EntryKind } from './entry-kinds.js';
import { FleetFold } from './fleet-fold.js';
import { STATE } from './fleet-rows.js';

const IDLE = 100;

/** Follows `kind session at`, one after another, of one agent; `-` for no session. */
function follow(...lines: string[]) {
  const fold = new FleetFold([], [], IDLE);
  lines.forEach((line, index) => {
    const [kind = '', session = '-', at = String(index), cost = '0'] = line.split(' ');
    fold.apply({
      ...{ seq: index + 1, agentId: 'a', agentName: 'a', agentRole: 'developer', kind: kind as EntryKind },
      ...{ sessionId: session === '-' ? null : session, at: Number(at) },
      ...{
        costMicro: Number(cost),
        tokens: 0,
        success: kind === 'completion' ? true : null,
        removedTo: null,
      },
    });
  });
  const { sessions, activities, entries } = fold.changed;
  const idOf = (seq: number) => sessions.find((row) => row.session_seq === seq)?.session_id ?? '-';
  const of = (session: string) => activities.find((row) => idOf(row.session_seq) === session);
  const states = Object.fromEntries(activities.map((row) => [idOf(row.session_seq), row.state]));
  return { of, states, sessions, entries };
}
const { past, active } = STATE;

describe('following what agents do', () => {
  it('begins with an activation and ends with the completion of the same session', () => {
    expect(follow('activation s', 'activation t', 'completion s').states).toEqual({ s: past, t: active });
    const { of } = follow('activation s 5', 'operation s 6', 'completion s 9');
    expect(of('s')).toMatchObject({ activated_at: 5, completed_at: 9, success: 1, seen_at: 9, entries: 3 });
  });

  it('ends what was activated without a session by a completion that names one, and the other way round', () => {
    expect(follow('activation -', 'completion s').states).toEqual({ '-': past, s: past });
    expect(follow('activation s', 'activation t', 'completion -').states).toEqual({
      s: active,
      t: past,
      '-': past,
    });
    expect(follow('activation s', 'completion t').states).toEqual({ s: active, t: past });
  });

  it('sees an agent that nobody activated', () => {
    expect(follow('operation s 3').of('s')).toMatchObject({
      state: active,
      activated_at: null,
      started_at: 3,
    });
  });

  it('takes what trails a completion for a part of it, and what comes much later for a beginning', () => {
    const trailed = follow('activation s 0', 'completion s 10', 'account s 110 7');
    expect(trailed.of('s')).toMatchObject({ state: past, completed_at: 10, cost_micro: 7 });
    const begun = follow('activation s 0', 'completion s 10', 'account s 50 7', 'operation s 111');
    expect(begun.of('s')).toMatchObject({
      ...{ state: active, activated_at: null, completed_at: null, started_at: 111 },
      ...{ cost_micro: 7, cost_micro_before: 7, entries: 4, entries_before: 3 },
    });
  });

  it('counts anew from each activation, and the session goes on counting', () => {
    const { of, sessions } = follow('activation s', 'account s 1 7', 'activation s', 'account s 3 5');
    expect(of('s')).toMatchObject({ cost_micro: 12, cost_micro_before: 7, entries: 4, entries_before: 2 });
    expect(sessions[0]).toMatchObject({ cost_micro: 12, entries: 4, last_seq: 4, operation_seq: 3 });
  });

  it('takes an entry for a sign of life of what either side names no session for', () => {
    const { of } = follow('activation - 0', 'activation s 1', 'activation t 2', 'operation s 9');
    expect([of('-')?.seen_at, of('s')?.seen_at, of('t')?.seen_at]).toEqual([9, 9, 2]);
    const all = follow('activation s 1', 'operation u 2', 'operation - 9');
    expect([all.of('s')?.seen_at, all.of('u')?.seen_at]).toEqual([9, 2]);
    const last = follow('activation s 1', 'activation t 2', 'operation - 9');
    expect([last.of('s')?.seen_at, last.of('t')?.seen_at]).toEqual([1, 9]);
  });

  it('ends everything with the retirement of the agent', () => {
    expect(follow('activation s', 'operation -', 'retirement -').states).toEqual({ s: past, '-': past });
  });

  it('has a note in the session that there is, and takes it for no sign of life', () => {
    const { of, sessions, entries } = follow('activation s 0', 'note s 200', 'note t 200', 'note - 200');
    expect(of('s')).toMatchObject({ seen_at: 0, last_seq: 1, entries: 2 });
    expect(sessions).toHaveLength(1);
    expect(entries).toEqual([
      [1, 1],
      [2, 1],
    ]);
  });

  it('never lets time go back', () => {
    const { of, sessions } = follow('operation s 50', 'operation s 20');
    expect([of('s')?.seen_at, sessions[0]?.last_seen_at]).toEqual([50, 50]);
  });
});
