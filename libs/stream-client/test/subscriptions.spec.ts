import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '../../../test/support/eventually.js';
import { type Followed, Following, isAt } from './following.js';
import { ProtocolServer } from './protocol-server.js';

const upTo = (last: number, first = 1) => Array.from({ length: last - first + 1 }, (_none, n) => first + n);

describe('subscriptions of one client', () => {
  let server: ProtocolServer;
  const open: Following[] = [];
  beforeEach(async () => {
    server = await ProtocolServer.start();
  });
  afterEach(async () => {
    for (const { client } of open.splice(0)) client.close();
    await server.stop();
  });

  function connect(): Following {
    const following = new Following(server.url);
    open.push(following);
    return following;
  }
  const sent = (name: string) => server.commands.filter(({ command }) => command === name).length;

  it('with the same filter are kept apart, each from its own place', async () => {
    server.add(...upTo(5).map(() => 'a'));
    const client = connect();
    const now = client.follow({ agents: ['a', 'b'] });
    await isAt(now, 5);
    server.add('b');
    const before = client.follow({ agents: ['b', 'a'] }, { epoch: server.epoch, seq: 2 });
    server.add('a', 'c', 'b');
    await Promise.all([isAt(now, 9), isAt(before, 9)]);
    expect([now.seqs, before.seqs]).toEqual([
      [6, 7, 9],
      [3, 4, 5, 6, 7, 9],
    ]);
    before.subscription.close();
    server.add('b');
    await isAt(now, 10);
    expect(sent('unsubscribe')).toBe(0);
    expect(before.seqs.at(-1)).toBe(9);
  });

  it('do not take the place where another one with their filter begins for their own', async () => {
    const client = connect();
    const first = client.follow({ agents: ['a'] });
    await isAt(first, 0);
    server.leaveOut(false, 'a', 'a');
    const second = client.follow({ agents: ['a'] });
    await isAt(second, 2);
    await isAt(first, 2);
    expect([first.seqs, second.seqs]).toEqual([[1, 2], []]);
  });

  it('end at the service, also one whose answer has not come yet', async () => {
    const client = connect();
    const [all, of] = [client.follow(), client.follow({ agents: ['a'] })];
    await isAt(all, 0);
    of.subscription.close();
    client.follow({ agents: ['b'] }).subscription.close();
    await eventually('both to be ended', () => sent('unsubscribe') === 2);
    server.add('a', 'b');
    await isAt(all, 2);
    expect([of.seqs, all.seqs]).toEqual([[], [1, 2]]);
  });

  it('go on when another one with their filter is closed before they are answered', async () => {
    const client = connect();
    const first = client.follow({ agents: ['a'] });
    await isAt(first, 0);
    const second = client.follow({ agents: ['a'] });
    first.subscription.close();
    await eventually('the end of it', () => sent('unsubscribe') === 1);
    server.add('a', 'a');
    await isAt(second, 2);
    expect([first.seqs, second.seqs, server.requests.length]).toEqual([[], [1, 2], 1]);
  });

  it('go on when another one with their filter was closed before it was answered', async () => {
    const client = connect();
    await client.until('open');
    client.follow({ agents: ['a'] }).subscription.close();
    const followed = client.follow({ agents: ['a'] });
    await eventually('the end of it', () => sent('unsubscribe') === 1);
    server.add('a', 'a');
    await isAt(followed, 2);
    expect([followed.seqs, server.requests.length]).toEqual([[1, 2], 1]);
  });

  it('go on when they resumed what another one with their filter had just ended', async () => {
    server.add('a', 'a');
    const client = connect();
    const first = client.follow({ agents: ['a'] });
    await isAt(first, 2);
    const behind = client.follow({ agents: ['a'] }, { epoch: server.epoch, seq: 0 });
    // Begins further on, to which the one behind it answers by `resume`.
    const now = client.follow({ agents: ['a'] });
    first.subscription.close();
    await eventually('the end of it', () => sent('unsubscribe') === 1 && sent('resume') === 1);
    await isAt(behind, 2);
    server.add('a');
    await Promise.all([isAt(behind, 3), isAt(now, 3)]);
    expect([behind.seqs, now.seqs, server.requests.length]).toEqual([[1, 2, 3], [3], 1]);
  });

  it('are told of lost history only where it is theirs', async () => {
    server.add(...upTo(6).map(() => 'a'));
    server.forget(4);
    const lost: string[] = [];
    const historyLost = (name: string) => ({ historyLost: () => void lost.push(name) });
    const client = connect();
    const now = client.follow({}, null, historyLost('now'));
    await isAt(now, 6);
    const behind = client.follow({}, { epoch: server.epoch, seq: 2 }, historyLost('behind'));
    await isAt(behind, 6);
    server.add('a');
    await Promise.all([isAt(now, 7), isAt(behind, 7)]);
    expect([lost, now.seqs, behind.seqs]).toEqual([['behind'], [7], [7]]);
  });

  it('miss nothing where another one with their filter has lost its history', async () => {
    server.add(...upTo(6).map(() => 'a'));
    server.forget(4);
    const client = connect();
    const now = client.follow();
    await isAt(now, 6);
    server.leaveOut(false, 'a', 'a');
    client.follow({}, { epoch: server.epoch, seq: 2 });
    await isAt(now, 8);
    expect([now.seqs, server.requests.length]).toEqual([[7, 8], 1]);
  });

  it('all learn of another log, also the one whose start another one has taken over', async () => {
    server.add('a', 'a', 'a');
    const lost: string[] = [];
    const client = connect();
    const old = client.follow({}, null, { historyLost: ({ epoch }) => void lost.push(epoch) });
    await isAt(old, 3);
    server.epoch = 'epoch-2';
    server.agents = ['a'];
    server.breakAll();
    const fresh = client.follow();
    await isAt(fresh, 1);
    server.add('a');
    await Promise.all([isAt(old, 2), isAt(fresh, 2)]);
    expect([lost, fresh.seqs]).toEqual([['epoch-2'], [2]]);
    expect(old.subscription.position).toEqual({ epoch: 'epoch-2', seq: 2 });
  });

  it('may be more than the service lets wait at once', async () => {
    const client = connect();
    const all = upTo(200).map(() => client.follow());
    await Promise.all(all.map((each) => isAt(each, 0)));
    server.breakAll();
    server.add('a');
    await Promise.all(all.map((each) => isAt(each, 1)));
    expect(all.map(({ seqs }) => seqs)).toEqual(all.map(() => [1]));
    expect(server.requests).toHaveLength(2);
  });

  it('are told nothing more once another one has closed them, not even the same frame', async () => {
    const client = connect();
    const others: Followed[] = [];
    const frame = () => others.forEach(({ subscription }) => subscription.close());
    const closing = client.follow({}, null, { frame });
    others.push(client.follow());
    await Promise.all([closing, ...others].map((each) => isAt(each, 0)));
    server.add('a', 'a');
    await isAt(closing, 2);
    expect(others[0]?.seqs).toEqual([]);
  });
});
