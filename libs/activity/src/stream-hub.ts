import type { Socket } from 'node:net';
import type { BeforeApplicationShutdown, OnModuleInit } from '@nestjs/common';
import type { WebSocket } from 'ws';
import type { EventBus, Principal, RecordedEvent } from '#kernel';
import type { Authenticator } from '#rbac';
import { FrameBatch } from './frame-batch.js';
import { CLOSE, STREAM_LIMITS, StreamClient, type StreamLimits } from './stream-client.js';

const PING_MS = 30_000;
/** Rights that end without an event, by expiry, and events that were missed. */
const RIGHTS_MS = 1_000;
/** The keys are read anew after the event that tells of a change; by then they have been. */
const KEYS_RELOADED_MS = 100;

const SHUTTING_DOWN = 'the service is shutting down';

/** The connected clients, and the fan-out of committed events to those that may see them. */
export class StreamHub implements OnModuleInit, BeforeApplicationShutdown {
  private readonly clients = new Set<StreamClient>();
  private readonly timers: NodeJS.Timeout[] = [];
  private recheck: NodeJS.Timeout | undefined;
  private unsubscribe = (): void => undefined;
  private draining = false;

  constructor(
    private readonly events: EventBus,
    private readonly authenticator: Pick<Authenticator, 'stillKnown' | 'may'>,
    private readonly limits: StreamLimits = STREAM_LIMITS,
  ) {}

  onModuleInit(): void {
    this.unsubscribe = this.events.subscribe((events) => this.announce(events));
    this.timers.push(
      setInterval(() => this.checkLiveness(), PING_MS).unref(),
      setInterval(() => this.checkRights(), RIGHTS_MS).unref(),
    );
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.closeAll();
    for (const timer of this.timers) clearInterval(timer);
    clearTimeout(this.recheck);
    this.unsubscribe();
  }

  /** How many clients are connected; one that was sent a close frame counts until it is gone. */
  get connections(): number {
    return this.clients.size;
  }

  /** True from the first call of {@link closeAll} on. */
  isDraining(): boolean {
    return this.draining;
  }

  /** Takes a connection in. @param socket the TCP socket below `ws`. */
  join(ws: WebSocket, socket: Socket, principal: Principal): StreamClient {
    const client = new StreamClient(principal, ws, socket, this.limits);
    this.clients.add(client);
    void client.gone.then(() => this.clients.delete(client));
    if (this.draining) client.close(CLOSE.goingAway, SHUTTING_DOWN);
    return client;
  }

  /** Pings every client, and lets go of those that did not answer the ping before. */
  checkLiveness(): void {
    for (const client of this.clients) client.checkLiveness();
  }

  /** Closes, with 1008, the clients whose key was revoked or has expired, or that may no longer read the stream. */
  checkRights(): void {
    const reasons = new Map<Principal, string | null>();
    for (const client of this.clients) {
      const { principal } = client;
      let reason = reasons.get(principal);
      if (reason === undefined) reasons.set(principal, (reason = this.reasonToClose(principal)));
      if (reason !== null) client.close(CLOSE.policyViolation, reason);
    }
  }

  /**
   * Sends every client a close frame and resolves when all are gone, at the latest when the time to answer it is
   * over. Whoever connects from now on is turned away.
   * @param reason up to 123 bytes of UTF-8.
   */
  async closeAll(code: number = CLOSE.goingAway, reason: string = SHUTTING_DOWN): Promise<void> {
    this.draining = true;
    for (const client of this.clients) client.close(code, reason);
    await Promise.all([...this.clients].map((client) => client.gone));
  }

  private reasonToClose(principal: Principal): string | null {
    if (!this.authenticator.stillKnown(principal)) return 'the key is no longer valid';
    return this.authenticator.may(principal, 'stream:read') ? null : 'the policy no longer permits it';
  }

  private announce(events: readonly RecordedEvent[]): void {
    if (this.clients.size === 0) return;
    if (events.some(changesRights)) this.checkRightsSoon();
    const batch = new FrameBatch(events);
    for (const client of this.clients) client.deliver(batch.visibleTo(client.principal.agentId));
  }

  private checkRightsSoon(): void {
    this.recheck ??= setTimeout(() => {
      this.recheck = undefined;
      this.checkRights();
    }, KEYS_RELOADED_MS).unref();
  }
}

function changesRights({ source, operationType }: RecordedEvent): boolean {
  return source === 'decided' && /^(key|policy)\./.test(operationType);
}
