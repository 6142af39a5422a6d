import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AuditRepository } from '#audit';
import type { EventDraft, OperationContext, RecordedEvent, TransactionContext } from '#kernel';
import { storeOf } from '#persistence';
import { OpenedStore, takeOn, upTo } from '../../../../test/support/opened-store.js';
import { randomFrom } from '../../../../test/support/random.js';
import { newTestStore } from '../../../../test/support/store.js';
import { fleetOf, foldedAtOnce, followerOf, markOf, storedActivities } from '../../test/fleet.harness.js';
import type { ActivityRow } from './fleet-rows.js';
import { FleetStateRepository } from './fleet-state.repository.js';

const TYPES = [
  'agent.activate',
  'agent.complete',
  'budget.deduct',
  'rbac.check',
  'agent.update',
  'agent.retire',
  'metric.record',
];
const SESSIONS = ['s-1', 's-2', 's-3', null, null, 'ö'.repeat(300)];
const AGENTS = ['a', 'b', 'c', '__proto__'];

/** Of the log as it is, entry by entry, and by other means than those that follow it. */
function model(events: readonly RecordedEvent[]) {
  const sessionOf = ({ operationType, source, context }: RecordedEvent): unknown => {
    const whole = JSON.parse(context ?? '{}') as { session_id?: string; context?: { session_id?: string } };
    return (source === 'decided' && operationType === 'metric.record' ? whole.context : whole)?.session_id;
  };
  const signs = events.filter(
    (each) => each.source === 'reported' || !['agent.update', 'agent.retire'].includes(each.operationType),
  );
  const sum = (of: readonly RecordedEvent[]) => {
    const charges = of.filter((each) => each.source === 'decided' && each.operationType === 'budget.deduct');
    return {
      entries: of.length,
      cost_micro: charges.reduce((total, each) => total + (each.costMicro ?? 0), 0),
      tokens_used: charges.reduce((total, each) => total + (each.tokensUsed ?? 0), 0),
      last_seq: of.at(-1)?.seq,
    };
  };
  const sessions = [...new Set(signs.map(sessionOf).filter((id) => id != null))].map((id) => {
    const of = signs.filter((each) => sessionOf(each) === id);
    return { id, of, session_seq: of[0]!.seq };
  });
  const places = [
    ...sessions,
    { id: undefined, of: signs.filter((each) => sessionOf(each) == null), session_seq: 0 },
  ];
  return {
    sessions: sessions.map(({ of, session_seq }) => ({ session_seq, ...sum(of) })),
    activities: places.flatMap(({ of, session_seq }) =>
      AGENTS.map((agent_id) => ({ agent_id, of: of.filter((each) => each.agentId === agent_id) }))
        .filter(({ of }) => of.length > 0)
        .map(({ agent_id, of }) => ({ session_seq, agent_id, ...sum(of) })),
    ),
    entries: sessions
      .flatMap(({ of, session_seq }) => of.map(({ seq }) => ({ seq, session_seq })))
      .sort((a, b) => a.seq - b.seq),
  };
}

describe('following the log', () => {
  const test = newTestStore();
  let opened: OpenedStore;
  const random = randomFrom(11);
  const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)] as T;

  function aDraft(): Partial<EventDraft> {
    const operationType = pick(['tool_use', 'Task', ...TYPES]);
    const source = TYPES.includes(operationType) && random() < 0.8 ? 'decided' : 'reported';
    const context = { note: 'x', session_id: pick(SESSIONS), success: random() < 0.5 };
    const isMetric = source === 'decided' && operationType === 'metric.record';
    const agentId = pick(AGENTS);
    return {
      ...{ operationType, source, agent: { agentId, name: `n ${agentId}`, role: 'developer' } },
      ...{ costMicro: pick([null, 7, 1_000_000]), tokensUsed: pick([null, 3]) },
      context: random() < 0.1 ? null : JSON.stringify(isMetric ? { context } : context),
    } as Partial<EventDraft>;
  }
  const record = (of: OpenedStore, count: number) => Promise.all(upTo(count).map(() => of.record(aDraft())));

  const expectExact = async (): Promise<void> => {
    const expected = model(await new AuditRepository(opened.reader).findAfter(0, 100_000));
    const fleet = await fleetOf(opened);
    const only = (rows: readonly Record<string, unknown>[], like: readonly object[]) =>
      rows.map((row) => Object.fromEntries(Object.keys(like[0]!).map((name) => [name, row[name]])));
    const byPlace = (rows: readonly { session_seq: number; agent_id: string }[]) =>
      [...rows].sort((a, b) => a.session_seq - b.session_seq || (a.agent_id < b.agent_id ? -1 : 1));
    expect(only(fleet.sessions, expected.sessions)).toEqual(
      expected.sessions.sort((a, b) => a.session_seq - b.session_seq),
    );
    expect(byPlace(only(fleet.activities, expected.activities) as never)).toEqual(
      byPlace(expected.activities),
    );
    expect(fleet.entries).toEqual(expected.entries);
    const sorted = (rows: readonly ActivityRow[]) => byPlace(rows);
    expect(sorted(await storedActivities(opened))).toEqual(sorted(await foldedAtOnce(opened)));
    expect(await markOf(opened)).toBe((await opened.sequence()).length);
  };

  beforeAll(async () => {
    opened = await OpenedStore.open(test);
    await record(opened, 700);
  });
  afterAll(async () => {
    await opened.close();
    await test.remove();
  });

  it('fills what there is of a log, over more than one step', async () => {
    await followerOf(opened).catchUp();
    await expectExact();
  });

  it('goes on exactly, however it is cut', async () => {
    for (const count of [1, 2, 90]) {
      await record(opened, count);
      await followerOf(opened).settle();
      await expectExact();
    }
  });

  it('leaves nothing of a step that fails, and takes it again', async () => {
    class Failing extends FleetStateRepository {
      override async save(ctx: TransactionContext, changed: Parameters<FleetStateRepository['save']>[1]) {
        await super.save(ctx, changed);
        throw new Error('the power went');
      }
    }
    await record(opened, 50);
    const before = [await fleetOf(opened), await markOf(opened)];
    await followerOf(opened, new Failing()).catchUp();
    expect([await fleetOf(opened), await markOf(opened)]).toEqual(before);
    await followerOf(opened).catchUp();
    await expectExact();
  });

  it('takes each entry once where two follow the same log while it grows', async () => {
    const other = await OpenedStore.open(test);
    const followers = [followerOf(opened), followerOf(other)];
    const writes = upTo(6).map((n) => record(n % 2 ? opened : other, 40));
    const steps = upTo(20).map((n) => followers[n % 2]!.settle());
    await Promise.all([...writes, ...steps]);
    await Promise.all(followers.map((follower) => follower.settle()));
    await expectExact();
    await other.close();
  });

  it('goes on where another was first and took fewer', async () => {
    await record(opened, 5);
    const other = followerOf(opened, undefined, undefined, opened.followedBy(2));
    let overtaken = false;
    const between = {
      run: async (ctx: OperationContext, work: (tx: TransactionContext) => Promise<unknown>) => {
        if (!overtaken) await takeOn(other);
        overtaken = true;
        return opened.writer.run(ctx, work);
      },
    };
    await followerOf(opened, undefined, between as never).settle();
    await expectExact();
  });

  it('gives who asks all that was recorded before', async () => {
    const follower = followerOf(opened);
    for (let round = 0; round < 10; round += 1) {
      const { event } = await opened.record({ context: '{"session_id":"asked"}' });
      await Promise.all([follower.settle(), follower.settle(), follower.catchUp()]);
      expect((await fleetOf(opened)).entries.at(-1)?.seq).toBe(event?.seq);
    }
  });

  it('gives no session to an entry that is erased between reading and writing', async () => {
    const { event } = await opened.record({ context: '{"session_id":"secret"}' });
    const between = {
      run: async (ctx: OperationContext, work: (tx: TransactionContext) => Promise<unknown>) => {
        await opened.writer.run(opened.ctx, async (tx) => {
          await storeOf(tx).query(
            "INSERT INTO audit_erasures (seq, record_id, erased_at, copies) VALUES (?, 'x', 1, '[]')",
            [event?.seq],
          );
        });
        return opened.writer.run(ctx, work);
      },
    };
    await followerOf(opened, undefined, between as never).catchUp();
    const { sessions } = await fleetOf(opened);
    expect(sessions.map((row) => row['session_id'])).not.toContain('secret');
    expect(await markOf(opened)).toBe(event?.seq);
  });
});
