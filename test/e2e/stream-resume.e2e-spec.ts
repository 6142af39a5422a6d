import { afterEach, describe, expect, it } from '@jest/globals';
import { AuditRepository } from '#audit';
import { StreamHub } from '#activity';
import { StreamListener } from '../../libs/activity/test/stream-listener.js';
import { randomFrom } from '../support/random.js';
import { TestService } from '../support/service.js';
import { newTestStore, type TestStore } from '../support/store.js';

/** A client that comes back with its position whenever its connection ends, and keeps what it got. */
class ResumingReader {
  readonly sequence: number[] = [];
  readonly breaks: string[] = [];
  private epoch = '';
  private position = 0;
  private listener: StreamListener | null = null;

  constructor(private readonly filter = '') {}

  async connect(service: TestService): Promise<void> {
    const since = this.epoch === '' ? '' : `&since=${this.position}&epoch=${this.epoch}`;
    const url = `${service.origin.replace('http', 'ws')}/ws?${this.filter}${since}`;
    this.listener = await StreamListener.connect(url);
    const { data } = await this.listener.next('subscribed');
    if (this.epoch === '') this.position = data['seq'] as number;
    this.epoch = data['epoch'] as string;
  }

  /** Ends the connection, or takes note that it has ended, and keeps what has come until then. */
  async leave(): Promise<void> {
    if (!this.listener) return;
    this.listener.ws.terminate();
    await this.listener.closed;
    this.keep();
  }

  async until(seq: number): Promise<void> {
    while (this.listener && this.listener.ws.readyState === this.listener.ws.OPEN) {
      if ((this.listener.entries.at(-1)?.seq ?? 0) >= seq) break;
      await this.listener.received(this.listener.frames.length + 1);
    }
    this.keep();
  }

  private keep(): void {
    for (const { seq = 0, prev_seq: previous = 0 } of this.listener?.entries ?? []) {
      if (previous > this.position) this.breaks.push(`${previous} above ${this.position}`);
      if (seq <= this.position) this.breaks.push(`${seq} again`);
      this.sequence.push(seq);
      this.position = seq;
    }
    for (const { type } of this.listener?.frames ?? [])
      if (type === 'history_lost' || type === 'lagged') this.breaks.push(type);
    this.listener = null;
  }
}

describe('clients that come back', () => {
  let services: TestService[] = [];
  let store: TestStore;
  afterEach(async () => {
    await Promise.all(services.map((service) => service.stop()));
    services = [];
    await store.remove();
  });

  async function start(count: number): Promise<void> {
    store = newTestStore();
    for (let i = 0; i < count; i += 1) services.push(await TestService.start({}, store));
  }
  const ingest = async (service: TestService, count: number, body: object = {}): Promise<void> => {
    const events = Array.from({ length: count }, () => ({ operation_type: 'tool_use', ...body }));
    await service.request('POST', '/events/ingest/batch', events);
  };
  const entries = async (service: TestService) => service.get(AuditRepository).findAfter(0, 100_000);

  it('have the whole sequence in the end, at whichever instance they were, while events arrive', async () => {
    await start(2);
    const random = randomFrom(6);
    const anyOf = (list: readonly TestService[]): TestService =>
      list[Math.floor(random() * list.length)] ?? services[0]!;
    const readers = Array.from({ length: 20 }, (_, i) => new ResumingReader(i % 4 === 0 ? 'agent=a1' : ''));
    for (const reader of readers) await reader.connect(anyOf(services));
    const writing = (async () => {
      for (let batch = 0; batch < 60; batch += 1)
        await ingest(services[batch % 2]!, 1 + Math.floor(random() * 60), { agent_id: `a${batch % 3}` });
    })();
    const state = { over: false };
    void writing.then(() => (state.over = true));
    while (!state.over) {
      const reader = readers[Math.floor(random() * readers.length)]!;
      await reader.leave();
      await reader.connect(anyOf(services));
    }
    await writing;
    await ingest(services[0]!, 1, { agent_id: 'a1' });
    const all = await entries(services[0]!);
    const last = all.at(-1)!.seq;
    await Promise.all(readers.map((reader) => reader.until(last)));
    readers.forEach((reader, i) => {
      const expected = all.filter(({ agentId }) => i % 4 !== 0 || agentId === 'a1').map(({ seq }) => seq);
      expect(reader.breaks).toEqual([]);
      expect(reader.sequence).toEqual(expected);
    });
  });

  it('lose nothing by a restart of the service', async () => {
    await start(1);
    const reader = new ResumingReader();
    await reader.connect(services[0]!);
    await ingest(services[0]!, 300);
    const closing = services.pop()!;
    await Promise.all([ingest(closing, 50), closing.stop()]).catch(() => undefined);
    await reader.leave();
    services.push(await TestService.start({}, store));
    await ingest(services[0]!, 300);
    await reader.connect(services[0]!);
    await ingest(services[0]!, 5);
    const all = await entries(services[0]!);
    await reader.until(all.at(-1)!.seq);
    expect(reader.breaks).toEqual([]);
    expect(reader.sequence).toEqual(all.map(({ seq }) => seq));
  });

  it('are told every so often how much happens', async () => {
    await start(1);
    const listener = await StreamListener.connect(`${services[0]!.origin.replace('http', 'ws')}/ws`);
    await listener.next('subscribed');
    await ingest(services[0]!, 10, { rbac_decision: 'denied' });
    await listener.recorded(10);
    services[0]!.get(StreamHub).tellStats();
    const { data } = await listener.next('stats', 3);
    const { total, by_type: types, by_decision: decisions } = data['rates'] as Record<string, never>;
    expect(total).toBeGreaterThan(0);
    expect(types).toEqual({ rbac_decision: total });
    expect(decisions).toEqual({ denied: total });
    listener.ws.terminate();
  });
});
