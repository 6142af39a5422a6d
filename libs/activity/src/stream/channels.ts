import type { AgentDirectory } from '#kernel';
import { Channel, type Interest, type Member } from './channel.js';
import type { StreamPosition } from './encoding.js';
import { FrameCursor } from './frame-cursor.js';
import { toNotice } from './notice.js';
import type { StreamEvent } from './stream-event.js';

type Index = Map<string, Set<Channel>>;

interface Places {
  /** Null for a channel that is held against every event. */
  readonly index: Index | null;
  readonly values: readonly string[];
}

/**
 * The channels, found by what they are for: an event is held against those alone that ask for its agent, else for its type, and
 * those that ask for neither.
 */
export class Channels {
  private readonly all = new Map<string, Channel>();
  private readonly byAgent: Index = new Map();
  private readonly byType: Index = new Map();
  private readonly others = new Set<Channel>();

  constructor(private readonly agents: AgentDirectory) {}

  /** How many there are. */
  get size(): number {
    return this.all.size;
  }

  /** @param prevSeq what the member has seen last: nothing behind it, up to now, was for it. */
  join(member: Member, interest: Interest, prevSeq: number): Channel {
    const key = keyOf(interest);
    let channel = this.all.get(key);
    if (!channel) {
      const { filter, view } = interest;
      channel = new Channel(key, interest, new FrameCursor(filter, view, this.agents, prevSeq));
      this.all.set(key, channel);
      const { index, values } = this.placesOf(channel);
      if (!index) this.others.add(channel);
      else for (const value of values) addTo(index, value, channel);
    }
    channel.join(member, prevSeq);
    return channel;
  }

  leave(member: Member, channel: Channel): void {
    channel.leave(member);
    if (!channel.isEmpty) return;
    this.all.delete(channel.key);
    const { index, values } = this.placesOf(channel);
    if (!index) this.others.delete(channel);
    else for (const value of values) removeFrom(index, value, channel);
  }

  /** Sends events to all who asked for them, in their order. */
  announce(events: readonly StreamEvent[], epoch: string): void {
    const touched: Channel[] = [];
    for (const event of events) {
      const { agentId } = event.event;
      for (const place of [this.byAgent.get(agentId), this.byType.get(event.type ?? ''), this.others]) {
        if (!place) continue;
        for (const channel of place) {
          if (channel.add(event, epoch)) touched.push(channel);
        }
      }
    }
    for (const channel of touched) channel.flushSoon();
  }

  /**
   * Tells all members how far they have come. Of the same position and name of a subscription there is one notice.
   * @param position up to which all events were announced.
   * @param now milliseconds since 1970.
   */
  tellPosition(position: StreamPosition, now: number): void {
    const notices = new Map<string, Buffer>();
    for (const channel of this.all.values()) {
      const { filter, encoding } = channel.interest;
      const key = `${encoding.name}\0${filter.id}`;
      channel.tellPosition(position.seq, () => {
        let notice = notices.get(key);
        if (!notice) {
          const text = toNotice('position', { data: { subscription: filter.id, ...position } }, now);
          notices.set(key, (notice = encoding.encode('position', text, position)));
        }
        return notice;
      });
    }
  }

  /** Where a channel is found: by each of its agents, else by each of its types. */
  private placesOf({ interest: { filter, view } }: Channel): Places {
    const agents = view.agentId === null ? filter.get('agents') : [view.agentId];
    if (agents) return { index: this.byAgent, values: [...agents] };
    const types = filter.get('types');
    return types ? { index: this.byType, values: [...types] } : { index: null, values: [] };
  }
}

function keyOf({ filter, view, encoding }: Interest): string {
  return JSON.stringify([filter.id, view.agentId, view.audits, encoding.name]);
}

function addTo(index: Index, value: string, channel: Channel): void {
  const place = index.get(value);
  if (place) place.add(channel);
  else index.set(value, new Set([channel]));
}

function removeFrom(index: Index, value: string, channel: Channel): void {
  const place = index.get(value);
  place?.delete(channel);
  if (place?.size === 0) index.delete(value);
}
