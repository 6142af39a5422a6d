import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { EventDraft } from '#kernel';
import { storeOf } from '#persistence';
import { anEvent, OpenedStore, upTo } from '../../../../test/support/opened-store.js';
import { newTestStore } from '../../../../test/support/store.js';
import { fleetOf, followerOf } from '../../test/fleet.harness.js';

describe('what retention takes out of the log', () => {
  const test = newTestStore();
  let opened: OpenedStore;
  const of = (session: string | null, agentId = 'a'): Partial<EventDraft> => ({
    agent: { agentId, name: agentId, role: 'developer' },
    context: JSON.stringify({ session_id: session }),
  });
  /** As retention does it: the entries, then the entry that tells. */
  const remove = async (seqs: readonly number[], to: number): Promise<void> => {
    await opened.writer.run(opened.ctx, async (tx) => {
      await storeOf(tx).query('UPDATE agent_audit_head SET removable_to = ? WHERE id = 1', [to]);
      for (const seq of seqs) await storeOf(tx).query('DELETE FROM agent_audit_log WHERE seq = ?', [seq]);
    });
    await opened.record({
      ...{ operationType: 'audit.retention', source: 'decided', context: JSON.stringify({ to_seq: to }) },
    });
    await followerOf(opened).catchUp();
  };
  const sessions = async () => (await fleetOf(opened)).sessions.map((row) => row['session_id']);

  beforeAll(async () => {
    opened = await OpenedStore.open(test);
    for (const draft of [of('gone'), of('held'), of('long'), of(null, 'mute'), of(null, 'kept'), of('gone')])
      await opened.record(draft);
    await opened.record(of('long'));
    await opened.record(of('young', 'b'));
    await followerOf(opened).catchUp();
  });
  afterAll(async () => {
    await opened.close();
    await test.remove();
  });

  it('leaves the fleet too, and what is under a hold stays', async () => {
    await remove([1, 3, 4, 6], 6);
    expect(await sessions()).toEqual(['held', 'long', 'young']);
    const { entries, activities, sessions: rows } = await fleetOf(opened);
    expect(entries.map(({ seq }) => seq)).toEqual([2, 7, 8]);
    expect(activities.map((row) => [row['session_seq'], row['agent_id']])).toEqual([
      [0, 'kept'],
      [2, 'a'],
      [3, 'a'],
      [8, 'b'],
    ]);
    // What it was in all is known still.
    expect(rows.find((row) => row['session_id'] === 'long')).toMatchObject({ entries: 2, session_seq: 3 });
  });

  it('may be named anew afterwards', async () => {
    const { event } = await opened.record(of('gone'));
    await followerOf(opened).catchUp();
    const row = (await fleetOf(opened)).sessions.find((each) => each['session_id'] === 'gone');
    expect(row).toMatchObject({ session_seq: event?.seq, entries: 1 });
  });

  it('goes in stretches, however much it is', async () => {
    for (let part = 0; part < 12; part += 1)
      await opened.writer.append(opened.ctx, (tx) => {
        for (const n of upTo(1_000)) opened.trail.record(tx, anEvent(of(n % 2 ? `s-${part}-${n}` : 'many')));
      });
    await followerOf(opened).catchUp();
    const last = (await opened.sequence()).at(-1)!;
    await opened.writer.run(opened.ctx, async (tx) => {
      await storeOf(tx).query('UPDATE agent_audit_head SET removable_to = ? WHERE id = 1', [last]);
      await storeOf(tx).query('DELETE FROM agent_audit_log WHERE seq <= ?', [last]);
    });
    await remove([], last);
    expect(await fleetOf(opened)).toEqual({ sessions: [], activities: [], entries: [] });
  });
});
