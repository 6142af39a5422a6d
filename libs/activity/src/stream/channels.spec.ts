import { describe, expect, it } from '@jest/globals';
import { eventually } from '../../../../test/support/eventually.js';
import { anAgentDirectory } from '../../test/agent-directory.fake.js';
import { anEvent, CODER } from '../../test/recorded-event.factory.js';
import type { Member, Piece } from './channel.js';
import { Channels } from './channels.js';
import { WEB_SOCKET } from './encoding.js';
import { StreamEvent } from './stream-event.js';
import { type FilterRequest, StreamFilter } from './stream-filter.js';
import type { View } from './view.js';

const OTHER = '0f1c2f1e-6d0a-4b55-9a43-0d5a3e0b7c22';
const ALL: View = { agentId: null, audits: true };

class Taker implements Member {
  readonly pieces: Piece[] = [];
  readonly told: { seq: number; notice: Buffer; behind: number }[] = [];
  deliver(pieces: readonly Piece[]): void {
    this.pieces.push(...pieces);
  }
  tellPosition(seq: number, notice: () => Buffer): void {
    this.told.push({ seq, notice: notice(), behind: this.pieces.at(-1)?.toSeq ?? 0 });
  }
}

const interest = (filter: FilterRequest, view = ALL) => ({
  filter: new StreamFilter(filter),
  view,
  encoding: WEB_SOCKET,
});

describe('channels', () => {
  it('frame an event once for all who ask for the same, and hand them the same bytes', () => {
    const channels = new Channels(anAgentDirectory());
    const takers = [new Taker(), new Taker()];
    for (const taker of takers) channels.join(taker, interest({ agents: [CODER] }), 0);
    channels.announce([new StreamEvent(anEvent({ seq: 1 }))], 'e');
    expect(channels.size).toBe(1);
    expect(takers[0]?.pieces[0]?.bytes).toBe(takers[1]?.pieces[0]?.bytes);
  });

  it('ask those alone who may be meant: the others are not even held against the event', () => {
    const channels = new Channels(anAgentDirectory());
    const asked: string[] = [];
    const watch = (name: string, filter: FilterRequest, view = ALL): void => {
      const wanted = interest(filter, view);
      const matches = wanted.filter.matches.bind(wanted.filter);
      wanted.filter.matches = (...args) => {
        asked.push(name);
        return matches(...args);
      };
      channels.join(new Taker(), wanted, 0);
    };
    watch('all', {});
    watch('coder', { agents: [CODER] });
    watch('other', { agents: [OTHER], types: ['rbac_decision'] });
    watch('decisions', { types: ['rbac_decision'] });
    watch('metrics', { types: ['metric_recorded'] });
    watch('bound to other', {}, { agentId: OTHER, audits: false });
    channels.announce([new StreamEvent(anEvent({ seq: 1 }))], 'e');
    expect(asked.sort()).toEqual(['all', 'coder', 'decisions']);
  });

  it('write to many what comes at short intervals, each once, and to whoever joins only what is later', async () => {
    const channels = new Channels(anAgentDirectory());
    const takers = Array.from({ length: 101 }, () => new Taker());
    for (const taker of takers) channels.join(taker, interest({}), 0);
    const announce = (seq: number): void => channels.announce([new StreamEvent(anEvent({ seq }))], 'e');
    for (const seq of [1, 2, 3]) announce(seq);
    const late = new Taker();
    channels.join(late, interest({}), 3);
    announce(4);
    announce(5);
    const told = ({ pieces }: Taker) =>
      pieces.flatMap(({ fromSeq, toSeq }) =>
        Array.from({ length: toSeq - fromSeq + 1 }, (_, i) => fromSeq + i),
      );
    await eventually('the last of them', () => told(late).at(-1) === 5);
    for (const taker of takers) expect(told(taker)).toEqual([1, 2, 3, 4, 5]);
    expect(told(late)).toEqual([4, 5]);
  });

  it('write what waits before they tell the position behind it', () => {
    const channels = new Channels(anAgentDirectory());
    const takers = Array.from({ length: 101 }, () => new Taker());
    for (const taker of takers) channels.join(taker, interest({ types: ['rbac_decision'] }), 0);
    for (const seq of [1, 2]) channels.announce([new StreamEvent(anEvent({ seq }))], 'e');
    channels.tellPosition({ epoch: 'e', seq: 3 }, 0);
    for (const { told } of takers) expect(told).toEqual([expect.objectContaining({ seq: 3, behind: 2 })]);
  });

  it('encode a position once for all whose subscription has the same name', () => {
    const channels = new Channels(anAgentDirectory());
    const takers = [ALL, ALL, { agentId: OTHER, audits: false }].map((view) => {
      const taker = new Taker();
      channels.join(taker, interest({ types: ['rbac_decision'] }, view), 0);
      return taker;
    });
    channels.tellPosition({ epoch: 'e', seq: 3 }, 0);
    expect(channels.size).toBe(2);
    const notices = takers.flatMap(({ told }) => told.map(({ notice }) => notice));
    expect(notices).toHaveLength(3);
    expect(new Set(notices).size).toBe(1);
  });

  it('leave nothing behind when the last member has gone', () => {
    const channels = new Channels(anAgentDirectory());
    const taker = new Taker();
    const joined = [{}, { agents: ['a', 'b'] }, { types: ['rbac_decision'], roles: ['x'] }].map((filter) =>
      channels.join(taker, interest(filter), 0),
    );
    for (const channel of joined) channels.leave(taker, channel);
    expect(channels.size).toBe(0);
    channels.announce([new StreamEvent(anEvent({ seq: 1, agentId: 'a' }))], 'e');
    expect(taker.pieces).toEqual([]);
  });

  it('cut what waits into pieces of whole frames', () => {
    const channels = new Channels(anAgentDirectory());
    const taker = new Taker();
    channels.join(taker, interest({}), 0);
    const detail = 'x'.repeat(30_000);
    const events = [1, 2, 3, 4, 5].map((seq) => anEvent({ seq, operationDetail: detail }));
    channels.announce(
      events.map((event) => new StreamEvent(event)),
      'e',
    );
    expect(taker.pieces.map(({ fromSeq, toSeq }) => [fromSeq, toSeq])).toEqual([
      [1, 2],
      [3, 4],
      [5, 5],
    ]);
  });
});
