import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { StreamHub } from '#activity';
import { SEGMENT } from '#audit';
import { register } from '../support/access-calls.js';
import { EventStreamListener } from '../support/event-stream.js';
import { eventually } from '../support/eventually.js';
import { openRaw } from '../support/opened-store.js';
import { TestService } from '../support/service.js';
import { listen, type StreamListener } from '../support/stream.js';

const FILTER = '?type=agent_retired';

describe('a subscription that nothing is for', () => {
  let service: TestService;
  const open: { close(): unknown }[] = [];
  let retired = 0;
  beforeAll(async () => {
    service = await TestService.start();
  });
  afterEach(async () => {
    for (const connection of open.splice(0)) connection.close();
    await allGone();
  });
  afterAll(() => service.remove());

  const allGone = () => eventually('all clients to be gone', () => service.get(StreamHub).connections === 0);
  async function socket(since: Partial<Place> = {}): Promise<StreamListener> {
    const { seq, epoch } = since;
    const listener = await listen(service, `/ws${FILTER}${seq ? `&since=${seq}&epoch=${epoch}` : ''}`);
    open.push({ close: () => listener.ws.terminate() });
    return listener;
  }
  async function events(lastId?: string): Promise<EventStreamListener> {
    const headers: Record<string, string> = lastId ? { 'Last-Event-ID': lastId } : {};
    const listener = await EventStreamListener.open(service, FILTER, headers);
    open.push(listener);
    await listener.next('subscribed');
    return listener;
  }
  async function ingest(count: number): Promise<void> {
    const batch = Array.from({ length: count }, () => ({ operation_type: 'tool_use' }));
    await service.request('POST', '/events/ingest/batch', batch);
  }
  /** Causes a frame that is for it. @returns its `seq`. */
  async function retire(): Promise<number> {
    const { name } = await register(service, `brief-${(retired += 1)}`);
    await service.request('DELETE', `/agents/${name}`);
    return newest();
  }
  const newest = async (): Promise<number> =>
    (await service.request('GET', '/events/audit?limit=1')).body[0].seq;

  it('is told its position on a socket, and gets from there exactly what follows', async () => {
    const first = await socket();
    await ingest(5);
    service.get(StreamHub).tellStats();
    const { data } = await first.next('position');
    const { subscription } = first.frames[2]!.data;
    const { epoch } = first.frames[1]!.data;
    expect(data).toEqual({ subscription, epoch, seq: await newest() });
    first.ws.terminate();
    await first.closed;
    const missed = await retire();
    await ingest(5);
    const second = await socket(data);
    await second.next('live');
    const live = await retire();
    const frames = await second.recorded(2);
    expect(frames.map(({ seq, prev_seq }) => [seq, prev_seq])).toEqual([
      [missed, data['seq']],
      [live, missed],
    ]);
    expect(second.frames.map(({ type }) => type)).not.toContain('history_lost');
  });

  it('is told it in an event stream, and gets behind that id exactly what follows', async () => {
    const first = await events();
    await ingest(5);
    service.get(StreamHub).tellStats();
    const { id, data } = await first.next('position');
    expect(id).toBe(`${String(data.data['epoch'])}-${await newest()}`);
    expect(first.events.findLast((event) => event.id !== null)?.id).toBe(id);
    await first.close();
    const missed = await retire();
    const second = await events(id!);
    await second.next('live');
    const live = await retire();
    const frames = (await second.recorded(2)).map(({ data: { seq, prev_seq } }) => [seq, prev_seq]);
    expect(frames).toEqual([
      [missed, data.data['seq']],
      [live, missed],
    ]);
  });

  it('loses no history when retention has passed the place at which it began', async () => {
    const first = await socket();
    const begun = first.frames[2]!.data as unknown as Place;
    await ingest(SEGMENT);
    service.get(StreamHub).tellStats();
    const told = (await first.next('position')).data as unknown as Place;
    expect(begun.seq).toBeLessThan(SEGMENT);
    expect(told.seq).toBeGreaterThan(SEGMENT);
    first.ws.terminate();
    await allGone();
    const raw = await openRaw(service.store);
    await raw.query(`UPDATE agent_audit_head SET removable_to = ${SEGMENT} WHERE id = 1`);
    await raw.query(`DELETE FROM agent_audit_log WHERE seq <= ${SEGMENT}`);
    await raw.destroy();
    expect(await (await socket(begun)).next('history_lost')).toBeDefined();
    const back = await socket(told);
    await back.next('live');
    const live = await retire();
    expect((await back.recorded(1)).map(({ seq }) => seq)).toEqual([live]);
    expect(back.frames.map(({ type }) => type)).not.toContain('history_lost');
  });
});

interface Place {
  readonly epoch: string;
  readonly seq: number;
}
