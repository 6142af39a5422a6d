import { setTimeout as pause } from 'node:timers/promises';
import { type BeforeApplicationShutdown, Logger, type OnModuleInit } from '@nestjs/common';
import {
  type AgentDirectory,
  type Clock,
  DomainError,
  type EventBus,
  type Principal,
  type RecordedEvent,
} from '#kernel';
import type { Authenticator } from '#rbac';
import { CLOSE, type Outlet } from './outlet.js';
import type { Notice } from './notice.js';
import { StreamClient, type StreamLimits } from './stream-client.js';
import { StreamEvent } from './stream-event.js';
import { StreamFeed } from './stream-feed.js';
import { type Rates, StreamRates } from './stream-rates.js';
import { type View, viewOf } from './view.js';

const PING_MS = 15_000;
const STATS_MS = 10_000;
/** Rights that end without an event, by expiry, and events that were missed. */
const RIGHTS_MS = 1_000;
/** What changes in the log without an event that tells of it at once. */
const LOG_MS = 1_000;
/** The keys are read anew after the event that tells of a change; by then they have been. */
const KEYS_RELOADED_MS = 100;

const logger = new Logger('StreamHub');

const SHUTTING_DOWN = 'the service is shutting down';

/** The connected clients: greets them, tells them how things stand, and lets go of those that must go. */
export class StreamHub implements OnModuleInit, BeforeApplicationShutdown {
  private readonly clients = new Set<StreamClient>();
  private readonly rates = new StreamRates();
  private readonly timers: NodeJS.Timeout[] = [];
  private recheck: NodeJS.Timeout | undefined;
  private unsubscribe = (): void => undefined;
  private draining = false;

  constructor(
    private readonly events: EventBus,
    private readonly authenticator: Pick<Authenticator, 'stillKnown' | 'may'>,
    private readonly feed: StreamFeed,
    private readonly agents: Pick<AgentDirectory, 'count'>,
    private readonly clock: Clock,
    readonly limits: StreamLimits,
  ) {}

  onModuleInit(): void {
    this.unsubscribe = this.events.subscribe((events) => this.announce(events));
    this.timers.push(
      setInterval(() => this.checkLiveness(), PING_MS).unref(),
      setInterval(() => this.checkClients(), RIGHTS_MS).unref(),
      setInterval(() => this.checkLog(), LOG_MS).unref(),
      setInterval(() => this.tellStats(), STATS_MS).unref(),
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

  /** Takes a connection in, and greets it. */
  join(outlet: Outlet, principal: Principal): StreamClient {
    const view = viewOf(principal, this.authenticator);
    const client = new StreamClient(principal, view, outlet, this.limits, this.clock);
    if (this.clients.size === 0) this.rates.restart();
    this.clients.add(client);
    this.feed.join(client);
    void outlet.gone.then(() => this.clients.delete(client));
    if (this.draining) client.close(CLOSE.goingAway, SHUTTING_DOWN);
    client.tell('connection', { message: 'Connected to the activity stream.' });
    client.tell('stats', { data: this.statsFor(view) });
    return client;
  }

  /** @throws DomainError `SHUTTING_DOWN` */
  requireOpen(): void {
    if (this.draining) throw new DomainError('SHUTTING_DOWN', 'The service is shutting down.');
  }

  /** Asks every client for a sign of life, and lets go of those that gave none before. */
  checkLiveness(): void {
    for (const { outlet } of this.clients) outlet.checkLiveness();
  }

  /**
   * Closes, with 1008, the clients whose key was revoked or has expired, that may no longer read the stream, or that may see more
   * or less of it than they did; and with 1013 those that have stopped reading.
   */
  checkClients(): void {
    const rights = new Map<Principal, Rights>();
    for (const client of this.clients) {
      const { principal } = client;
      let held = rights.get(principal);
      if (!held) rights.set(principal, (held = this.rightsOf(principal)));
      const reason = reasonToClose(held, client.view);
      if (reason !== null) client.close(CLOSE.policyViolation, reason);
      else client.checkReading();
    }
  }

  /** Sends everyone away, with 1013, when another log has begun in the store: their places mean nothing in it. */
  checkLog(): void {
    this.feed.refresh().then(
      (isAnother) => {
        if (!isAnother) return;
        for (const client of this.clients)
          client.close(CLOSE.tryAgainLater, 'another log has begun; reconnect and resume');
      },
      (error: unknown) => logger.warn(error, 'the log could not be looked at'),
    );
  }

  /** Tells every client that reads how things stand, what happened since it was told before, and how far it has come. */
  tellStats(): void {
    const ratesOf = this.rates.take();
    const told = new Map<string, Notice>();
    for (const client of this.clients) {
      const { view, takesReplies } = client;
      if (!takesReplies) continue;
      const key = `${view.agentId}\0${view.audits}`;
      let stats = told.get(key);
      if (!stats) told.set(key, (stats = { data: this.statsFor(view, ratesOf(view)) }));
      client.tell('stats', stats);
    }
    this.feed.tellPositions(this.clock.now());
  }

  /**
   * Sends every client a close frame and resolves when all are gone, at the latest when the time to answer it is
   * over. Whoever connects from now on is turned away.
   * @param reason up to 123 bytes of UTF-8.
   */
  async closeAll(code: number = CLOSE.goingAway, reason: string = SHUTTING_DOWN): Promise<void> {
    this.draining = true;
    for (const client of this.clients) client.close(code, reason);
    const gone = Promise.all([...this.clients].map(({ outlet }) => outlet.gone));
    await Promise.race([gone, pause(this.limits.closeGraceMs + 1_000, undefined, { ref: false })]);
  }

  /** Of connections, an agent's key is told of its agent's alone. */
  private statsFor(view: View, rates?: Rates): Record<string, unknown> {
    const { epoch, position: seq } = this.feed;
    const connections =
      view.agentId === null
        ? this.clients.size
        : [...this.clients].filter((client) => client.view.agentId === view.agentId).length;
    return {
      total_agents: this.agents.count(),
      active_connections: connections,
      epoch,
      seq,
      ...(rates ? { rates } : {}),
    };
  }

  private rightsOf(principal: Principal): Rights {
    return {
      isKnown: this.authenticator.stillKnown(principal),
      reads: this.authenticator.may(principal, 'stream:read'),
      audits: viewOf(principal, this.authenticator).audits,
    };
  }

  private announce(recorded: readonly RecordedEvent[]): void {
    const events = this.clients.size === 0 ? [] : recorded.map((event) => new StreamEvent(event));
    this.rates.count(events);
    this.feed.announce(recorded, events);
    if (recorded.some(beginsLog)) this.checkLog();
    if (recorded.some(changesRights)) this.checkRightsSoon();
  }

  private checkRightsSoon(): void {
    this.recheck ??= setTimeout(() => {
      this.recheck = undefined;
      this.checkClients();
    }, KEYS_RELOADED_MS).unref();
  }
}

interface Rights {
  readonly isKnown: boolean;
  readonly reads: boolean;
  readonly audits: boolean;
}

function reasonToClose({ isKnown, reads, audits }: Rights, view: View): string | null {
  if (!isKnown) return 'the key is no longer valid';
  if (!reads) return 'the policy no longer permits it';
  return audits === view.audits ? null : 'what the key may see has changed; reconnect and resume';
}

function beginsLog({ source, operationType }: RecordedEvent): boolean {
  return source === 'decided' && operationType === 'audit.log_begin';
}

function changesRights({ source, operationType }: RecordedEvent): boolean {
  return source === 'decided' && /^(key|policy)\./.test(operationType);
}
