import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '../../../test/support/eventually.js';
import type { StreamClientOptions } from '../src/index.js';
import { Following, isAt } from './following.js';
import { ProtocolServer } from './protocol-server.js';

const upTo = (last: number, first = 1) => Array.from({ length: last - first + 1 }, (_none, n) => first + n);

describe('a client of the stream', () => {
  let server: ProtocolServer;
  const open: Following[] = [];
  beforeEach(async () => {
    server = await ProtocolServer.start();
  });
  afterEach(async () => {
    for (const { client } of open.splice(0)) client.close();
    await server.stop();
  });

  function connect(options: Partial<StreamClientOptions> = {}): Following {
    const following = new Following(server.url, options);
    open.push(following);
    return following;
  }

  it('tells each frame of a filter once, from now on', async () => {
    server.add('a', 'b');
    const client = connect();
    const [all, of] = [client.follow(), client.follow({ agents: ['b'] })];
    await Promise.all([isAt(all, 2), isAt(of, 2)]);
    server.add('a', 'b', 'b');
    await Promise.all([isAt(all, 5), isAt(of, 5)]);
    expect([all.seqs, of.seqs]).toEqual([
      [3, 4, 5],
      [4, 5],
    ]);
  });

  it('goes on from a position, and says what it is', async () => {
    server.add('a', 'a', 'a');
    const lives: number[] = [];
    const live = ({ seq }: { seq: number }) => void lives.push(seq);
    const followed = connect().follow({}, { epoch: server.epoch, seq: 1 }, { live });
    await eventually('what was missed', () => lives.length === 1);
    expect([followed.seqs, lives]).toEqual([[2, 3], [3]]);
    expect(followed.subscription.position).toEqual({ epoch: 'epoch-1', seq: 3 });
  });

  it('connects again and misses nothing, also when the connection breaks in the middle of a replay', async () => {
    const client = connect();
    const [all, of] = [client.follow(), client.follow({ agents: ['b'] })];
    await Promise.all([isAt(all, 0), isAt(of, 0)]);
    for (const breaksAfter of [-1, 3, 0]) {
      server.breakAll();
      server.breaksAfter = breaksAfter;
      server.add('a', 'b', 'a', 'b', 'a');
      await isAt(all, server.newest);
      await isAt(of, server.newest);
    }
    expect(all.seqs).toEqual(upTo(15));
    expect(of.seqs).toEqual(server.seqsOf(['b']));
    for (const { url } of server.requests) expect(url).toContain('start=none');
  });

  it('has told again what was left out, on the same connection', async () => {
    const ranges: unknown[] = [];
    const followed = connect().follow({}, null, {
      lagged: ({ from_seq, to_seq }) => void ranges.push([from_seq, to_seq]),
    });
    await isAt(followed, 0);
    server.add('a');
    server.leaveOut(true, 'a', 'a', 'a');
    server.add('a');
    await isAt(followed, 5);
    expect([followed.seqs, ranges, server.requests.length]).toEqual([upTo(5), [[2, 4]], 1]);
    expect(server.commands.at(-1)).toMatchObject({ command: 'resume', subscription: 'all', since: 1 });
  });

  it('notices a hole that nobody tells it of', async () => {
    const client = connect();
    const [all, of] = [client.follow(), client.follow({ agents: ['b'] })];
    await Promise.all([isAt(all, 0), isAt(of, 0)]);
    server.add('a', 'b');
    server.leaveOut(false, 'a', 'b');
    server.add('a', 'b');
    await Promise.all([isAt(all, 6), isAt(of, 6)]);
    expect([all.seqs, of.seqs, server.requests.length]).toEqual([upTo(6), [2, 4, 6], 1]);
  });

  describe('whose history is lost', () => {
    it.each([
      ['live', [8]],
      ['oldest', upTo(8, 5)],
    ] as const)('goes on %s, where retention was faster', async (choice, expected) => {
      server.add(...upTo(6).map(() => 'a'));
      server.forget(4);
      server.add('a');
      const lost: unknown[] = [];
      const followed = connect().follow(
        {},
        { epoch: server.epoch, seq: 2 },
        {
          historyLost: ({ oldest_seq, seq }) => {
            lost.push([oldest_seq, seq]);
            return choice;
          },
        },
      );
      await isAt(followed, 7);
      await eventually('the frames', () => followed.seqs.length === expected.length - 1);
      server.add('a');
      await isAt(followed, 8);
      expect([followed.seqs, lost]).toEqual([expected, [[5, 7]]]);
    });

    it('begins anew in another log, such as an older copy of the store', async () => {
      server.add('a', 'a', 'a');
      const lost: string[] = [];
      const followed = connect().follow(
        {},
        { epoch: server.epoch, seq: 0 },
        {
          historyLost: ({ epoch }) => void lost.push(epoch),
        },
      );
      await isAt(followed, 3);
      server.epoch = 'epoch-2';
      server.agents = ['a'];
      server.breakAll();
      await isAt(followed, 1);
      server.add('a');
      await isAt(followed, 2);
      expect([followed.seqs, lost]).toEqual([[1, 2, 3, 2], ['epoch-2']]);
      expect(followed.subscription.position).toEqual({ epoch: 'epoch-2', seq: 2 });
    });
  });

  it('whose filter is refused is told why, and the others go on', async () => {
    server.refused = ['x'];
    const refusals: unknown[] = [];
    const client = connect();
    const all = client.follow();
    client.follow({ agents: ['x'] }, null, { refused: ({ code }) => void refusals.push(code) });
    await eventually('the refusal', () => refusals.length === 1);
    server.breakAll();
    server.add('a');
    await isAt(all, 1);
    expect([refusals, all.seqs]).toEqual([['FILTER_REFUSED'], [1]]);
  });

  it.each(['STORE_UNAVAILABLE', 'INTERNAL'])('lasts while the service answers %s', async (code) => {
    const refusals: unknown[] = [];
    const client = connect();
    const followed = client.follow({}, null, { refused: (refusal) => void refusals.push(refusal) });
    await isAt(followed, 0);
    server.failure = code;
    server.leaveOut(true, 'a');
    await client.until('waiting', 3);
    expect(client.states).toContainEqual(expect.objectContaining({ name: 'waiting', reason: 'No.' }));
    server.failure = null;
    await isAt(followed, 1);
    expect([followed.seqs, refusals]).toEqual([[1], []]);
  });

  it('moves on where it is told that nothing is missing, never back, and does not pass that on', async () => {
    const followed = connect().follow({ agents: ['b'] });
    await isAt(followed, 0);
    server.add('b', 'a', 'a');
    await isAt(followed, 1);
    server.tellPositions();
    await isAt(followed, 3);
    server.add('b');
    await isAt(followed, 4);
    server.tellPositions(2);
    server.add('b');
    await isAt(followed, 5);
    server.tellPositions(3);
    server.stats();
    server.breakAll();
    server.add('b');
    await isAt(followed, 6);
    expect(followed.seqs).toEqual([1, 4, 5, 6]);
    // No hole was seen in between.
    expect(server.commands.map(({ since }) => since)).toEqual([undefined, 5]);
  });

  it('goes on after a handler that throws', async () => {
    const client = connect();
    const error = new Error('not your fault');
    const frame = () => {
      throw error;
    };
    const [bad, good] = [client.follow({}, null, { frame }), client.follow({ agents: ['a'] })];
    await Promise.all([isAt(bad, 0), isAt(good, 0)]);
    server.add('a', 'a');
    await Promise.all([isAt(bad, 2), isAt(good, 2)]);
    expect([good.seqs, client.errors]).toEqual([
      [1, 2],
      [error, error],
    ]);
  });
});
