import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { AuditRepository } from '#audit';
import type { EventDraft, OperationType } from '#kernel';
import { storeOf } from '#persistence';
import { OpenedStore, upTo } from '../../../../test/support/opened-store.js';
import { newTestStore, type TestStore } from '../../../../test/support/store.js';
import { followerOf, IDLE_MS, markOf, watchOf } from '../../test/fleet.harness.js';
import { FleetReadModel } from './fleet.read-model.js';

describe('agents that fall silent', () => {
  let test: TestStore;
  let opened: OpenedStore;
  let now: number;
  const clock = { now: () => now };
  beforeEach(async () => {
    test = newTestStore();
    opened = await OpenedStore.open(test);
    now = Date.now();
  });
  afterEach(async () => {
    await opened.close();
    await test.remove();
  });

  const agent = (agentId: string) => ({ agentId, name: `n ${agentId}`, role: 'developer' });
  const activate = (agentId: string, session_id: string | null): Partial<EventDraft> => ({
    ...{ agent: agent(agentId), operationType: 'agent.activate', source: 'decided' },
    context: JSON.stringify({ session_id, task: null }),
  });
  /** The log is followed while time passes. */
  const pass = async (ms: number): Promise<void> => {
    await followerOf(opened).catchUp();
    now += ms;
  };
  const told = async () => {
    const events = await new AuditRepository(opened.reader).findAfter(0, 10_000);
    return events
      .filter(({ operationType }) => operationType === 'agent.idle')
      .map(({ context }) => JSON.parse(context ?? '') as Record<string, unknown>);
  };

  it('are told of once, with what they did last', async () => {
    const watch = watchOf(opened, clock);
    await opened.record(activate('a', 's-1'));
    const { event } = await opened.record({
      ...{ agent: agent('a'), operationType: 'Write', operationDetail: 'secret', costMicro: 7 },
      context: '{"session_id":"s-1"}',
    });
    await watch.look();
    expect(await told()).toEqual([]);
    await pass(IDLE_MS + 1_000);
    await watch.look();
    await watch.look();
    expect(await told()).toEqual([
      {
        ...{ agent_id: 'a', agent_name: 'n a', session_id: 's-1', last_operation: 'Write' },
        idle_since: new Date(event!.recordedAt).toISOString(),
      },
    ]);
  });

  it('are told of again after the next sign of life', async () => {
    const watch = watchOf(opened, clock);
    await opened.record(activate('a', null));
    await pass(IDLE_MS + 1_000);
    await watch.look();
    await opened.record({ agent: agent('a'), context: '{"session_id":"s-9"}' });
    now -= IDLE_MS;
    await watch.look();
    expect(await told()).toHaveLength(1);
    await pass(IDLE_MS + 1_000);
    await watch.look();
    // The activation goes on, and the agent was seen in a session besides.
    expect((await told()).map(({ session_id }) => session_id).sort()).toEqual([null, null, 's-9']);
  });

  it('are told of by one of several, whoever looks', async () => {
    const others = await Promise.all(upTo(3).map(() => OpenedStore.open(test)));
    const watches = [opened, ...others].map((each) => watchOf(each, clock));
    await Promise.all(upTo(250).map((n) => opened.record(activate(`agent-${n}`, 's-1'))));
    await pass(IDLE_MS + 5_000);
    await Promise.all(watches.map((watch) => watch.look()));
    const names = (await told()).map(({ agent_id }) => agent_id);
    expect([names.length, new Set(names).size]).toEqual([250, 250]);
    await Promise.all(others.map((each) => each.close()));
  });

  it('are not told of while they speak, completed, or were retired', async () => {
    const watch = watchOf(opened, clock);
    for (const name of ['done', 'gone', 'still']) await opened.record(activate(name, 's-1'));
    const decided = (name: string, operationType: OperationType): Partial<EventDraft> => ({
      ...{ agent: agent(name), operationType, source: 'decided' },
      context: '{"session_id":"s-1","success":true}',
    });
    await opened.record(decided('done', 'agent.complete'));
    await opened.record(decided('gone', 'agent.retire'));
    await pass(IDLE_MS + 1_000);
    await watch.look();
    expect((await told()).map(({ agent_id }) => agent_id)).toEqual(['still']);
  });

  it('are not told of before all that they sent was followed', async () => {
    const deaf = Object.assign(followerOf(opened), { settle: () => Promise.resolve() });
    const watch = watchOf(opened, clock, deaf);
    await opened.record(activate('a', 's-1'));
    await opened.record(activate('b', 's-1'));
    await pass(0);
    const mark = await markOf(opened);
    await opened.record({ agent: agent('a'), context: '{"session_id":"s-1"}' });
    now += IDLE_MS + 5_000;
    await watch.look();
    expect([await markOf(opened), (await told()).map(({ agent_id }) => agent_id)]).toEqual([mark, ['b']]);
  });

  it('have their whole time again when the service was not there to hear them', async () => {
    await opened.record(activate('a', 's-1'));
    await pass(10 * IDLE_MS);
    const watch = watchOf(opened, clock);
    await watch.look();
    expect(await told()).toEqual([]);
    now += IDLE_MS;
    await watch.look();
    expect(await told()).toHaveLength(1);
  });

  it('are marked without a word where their silence is older than the tables', async () => {
    const watch = watchOf(opened, clock);
    const { event } = await opened.record(activate('old', 's-1'));
    await opened.writer.run(opened.ctx, async (tx) => {
      await storeOf(tx).query('UPDATE fleet_watch SET told_from = ?', [event?.seq]);
    });
    await opened.record(activate('new', 's-1'));
    await pass(IDLE_MS + 1_000);
    await watch.look();
    expect((await told()).map(({ agent_id }) => agent_id)).toEqual(['new']);
    const page = await new FleetReadModel(opened.reader).findActive(
      { silentSince: now - IDLE_MS, status: 'idle' },
      { skip: 0, limit: 10 },
    );
    expect(page.items.map((row) => row.agent_id)).toEqual(['new', 'old']);
  });
});
