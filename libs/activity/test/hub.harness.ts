import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import { EventBus, type EventListener, type Principal, type RecordedEvent } from '#kernel';
import { StreamHub } from '../src/stream-hub.js';
import { STREAM_LIMITS, type StreamLimits } from '../src/stream-client.js';
import { StreamListener } from './stream-listener.js';

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

export function aPrincipal(id: string, agentId: string | null = null): Principal {
  return { id, kind: agentId === null ? 'service' : 'agent', role: 'developer', agentId };
}

/** Both ends of a connection. */
export interface Connection {
  readonly listener: StreamListener;
  readonly ws: WebSocket;
  readonly socket: Socket;
}

/** A hub behind a real HTTP server on the loopback address. */
export class HubHarness {
  readonly bus = new DirectEventBus();
  readonly revoked = new Set<string>();
  readonly hub: StreamHub;
  private readonly server = createServer();
  private readonly upgrades = new WebSocketServer({ noServer: true, perMessageDeflate: false });
  private readonly listeners: StreamListener[] = [];

  private constructor(limits: Partial<StreamLimits>) {
    const authenticator = {
      stillKnown: (principal: Principal) => !this.revoked.has(principal.id),
      may: () => true,
    };
    this.hub = new StreamHub(this.bus, authenticator, { ...STREAM_LIMITS, ...limits });
    this.hub.onModuleInit();
  }

  static async start(limits: Partial<StreamLimits> = {}): Promise<HubHarness> {
    const harness = new HubHarness(limits);
    harness.server.listen(0, '127.0.0.1');
    await once(harness.server, 'listening');
    return harness;
  }

  async connect(principal: Principal = aPrincipal('p-1')): Promise<Connection> {
    const taken = new Promise<Omit<Connection, 'listener'>>((resolve) => {
      this.server.once('upgrade', (request, socket: Socket, head) => {
        this.upgrades.handleUpgrade(request, socket, head, (ws) => {
          this.hub.join(ws, socket, principal);
          resolve({ ws, socket });
        });
      });
    });
    const listener = await StreamListener.connect(
      `ws://127.0.0.1:${(this.server.address() as AddressInfo).port}`,
    );
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
