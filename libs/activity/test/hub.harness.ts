import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import { type Clock, EventBus, type EventListener, type Principal, type RecordedEvent } from '#kernel';
import { SocketOutlet } from '../src/stream/socket-outlet.js';
import { STREAM_LIMITS, type StreamClient, type StreamLimits } from '../src/stream/stream-client.js';
import { StreamFeed } from '../src/stream/stream-feed.js';
import { NO_FILTER } from '../src/stream/stream-filter.js';
import { StreamHub } from '../src/stream/stream-hub.js';
import type { StreamLog } from '../src/stream/stream-log.js';
import { anAgentDirectory } from './agent-directory.fake.js';
import { StreamListener } from './stream-listener.js';

export const EPOCH = 'e1';
export const NOW = Date.UTC(2026, 0, 5, 10);
export const aClock: Clock = { now: () => NOW };

export class DirectEventBus extends EventBus {
  private readonly listeners = new Set<EventListener>();

  publish(events: readonly RecordedEvent[]): void {
    for (const listener of this.listeners) listener(events);
  }

  subscribe(listener: EventListener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
}

/** A log in memory that announces what is recorded. */
export class MemoryLog implements Pick<StreamLog, 'position' | 'standing' | 'findAfter'> {
  readonly entries = new Map<number, RecordedEvent>();
  readings = 0;
  epoch = EPOCH;
  removableTo = 0;
  position = 0;

  constructor(private readonly bus: DirectEventBus) {}

  /** Commits and announces. */
  record(...events: readonly RecordedEvent[]): void {
    for (const event of events) {
      this.entries.set(event.seq, event);
      this.position = event.seq;
    }
    this.bus.publish(events);
  }

  /** Retention: all up to there is gone. */
  remove(to: number): void {
    for (const seq of this.entries.keys()) if (seq <= to) this.entries.delete(seq);
    this.removableTo = to;
  }

  standing() {
    const size = Math.max(this.position, ...this.entries.keys());
    return Promise.resolve({ logId: this.epoch, size, removableTo: this.removableTo });
  }

  async findAfter(seq: number, limit: number): Promise<RecordedEvent[]> {
    this.readings += 1;
    const sorted = [...this.entries.values()].sort((a, b) => a.seq - b.seq);
    const found = sorted.filter((event) => event.seq > seq).slice(0, limit);
    // As a store answers: later than what happens meanwhile.
    await new Promise((resolve) => setImmediate(resolve));
    return found;
  }
}

export function aPrincipal(id: string, agentId: string | null = null): Principal {
  return { id, kind: agentId === null ? 'service' : 'agent', role: 'developer', agentId };
}

/** Both ends of a connection. */
export interface Connection {
  readonly listener: StreamListener;
  readonly client: StreamClient;
  readonly ws: WebSocket;
  readonly socket: Socket;
}

/** A hub behind a real HTTP server on the loopback address. */
export class HubHarness {
  readonly bus = new DirectEventBus();
  readonly log = new MemoryLog(this.bus);
  readonly revoked = new Set<string>();
  /** Whether principals may read the audit trail. */
  audits = true;
  readonly feed: StreamFeed;
  readonly hub: StreamHub;
  private readonly server = createServer();
  private readonly upgrades = new WebSocketServer({ noServer: true, perMessageDeflate: false });
  private readonly listeners: StreamListener[] = [];
  /** What to do with a connection, by the target that it asks for. */
  private readonly takers = new Map<string, (ws: WebSocket, socket: Socket) => void>();
  private connected = 0;

  private constructor(limits: Partial<StreamLimits>) {
    const authenticator = {
      stillKnown: (principal: Principal) => !this.revoked.has(principal.id),
      may: (_principal: Principal, permission: string) => permission !== 'audit:read' || this.audits,
    };
    const agents = anAgentDirectory();
    this.feed = new StreamFeed(this.log as unknown as StreamLog, agents);
    const bounds = { ...STREAM_LIMITS, ...limits };
    this.hub = new StreamHub(this.bus, authenticator, this.feed, agents, aClock, bounds);
    this.hub.onModuleInit();
    this.server.on('upgrade', (request, socket: Socket, head) => {
      this.upgrades.handleUpgrade(request, socket, head, (ws) =>
        this.takers.get(request.url ?? '')?.(ws, socket),
      );
    });
  }

  static async start(limits: Partial<StreamLimits> = {}): Promise<HubHarness> {
    const harness = new HubHarness(limits);
    await harness.feed.onModuleInit();
    harness.server.listen(0, '127.0.0.1');
    await once(harness.server, 'listening');
    return harness;
  }

  /** @param begin what the connection begins with; everything from now on unless it is given. */
  async connect(
    principal: Principal = aPrincipal('p-1'),
    begin: (client: StreamClient) => void = (client) => this.feed.begin(client, NO_FILTER, null),
  ): Promise<Connection> {
    const target = `/${(this.connected += 1)}`;
    const taken = new Promise<Omit<Connection, 'listener'>>((resolve) => {
      this.takers.set(target, (ws, socket) => {
        const outlet = new SocketOutlet(ws, socket, this.hub.limits.closeGraceMs);
        const client = this.hub.join(outlet, principal);
        begin(client);
        resolve({ ws, socket, client });
      });
    });
    const { port } = this.server.address() as AddressInfo;
    const listener = await StreamListener.connect(`ws://127.0.0.1:${port}${target}`);
    this.listeners.push(listener);
    return { listener, ...(await taken) };
  }

  async stop(): Promise<void> {
    for (const { ws } of this.listeners) ws.terminate();
    await this.hub.beforeApplicationShutdown();
    this.server.close();
    await once(this.server, 'close');
  }
}
