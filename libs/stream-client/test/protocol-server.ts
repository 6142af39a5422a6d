import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate as aMoment } from 'node:timers/promises';
import { type WebSocket, WebSocketServer } from 'ws';

/** How many commands may wait. */
const MAX_QUEUED = 64;
const TIMESTAMP = '2026-01-05T10:00:00.000Z';

interface Command {
  readonly command: 'subscribe' | 'resume' | 'unsubscribe';
  readonly subscription?: string;
  readonly filter?: { readonly agents?: readonly string[] };
  readonly since?: number;
  readonly epoch?: string;
  readonly request_id?: string;
}

/** The stream's protocol over a log in memory, with everything that can go wrong on the way, at a test's command. */
export class ProtocolServer {
  epoch = 'epoch-1';
  oldest = 1;
  /** The agent of each entry; the first is that of seq 1. */
  agents: string[] = [];
  /** Answers no command, and sends `stats` alone. */
  isDeaf = false;
  /** Sends nothing at all. */
  isSilent = false;
  /** The filter of these agents is refused. */
  refused: readonly string[] = [];
  /** A code that each `subscribe` and `resume` is answered with, as by a store that fails. */
  failure: string | null = null;
  /** Keys, as headers or tickets, that no connection is opened with. */
  ended: readonly string[] = [];
  /** Frames of entries that are to go before the connection breaks; -1 for all. */
  breaksAfter = -1;
  readonly commands: Command[] = [];
  readonly requests: IncomingMessage[] = [];
  private readonly peers = new Set<Peer>();

  private readonly server: WebSocketServer;

  private constructor() {
    const verifyClient = ({ req }: { readonly req: IncomingMessage }) => this.admits(req);
    this.server = new WebSocketServer({ host: '127.0.0.1', port: 0, verifyClient });
    this.server.on('connection', (socket, request) => {
      this.requests.push(request);
      const peer = new Peer(this, socket);
      this.peers.add(peer);
      socket.on('close', () => this.peers.delete(peer));
    });
  }

  static async start(): Promise<ProtocolServer> {
    const started = new ProtocolServer();
    await once(started.server, 'listening');
    return started;
  }

  get url(): string {
    return `ws://127.0.0.1:${(this.server.address() as AddressInfo).port}/ws`;
  }

  get newest(): number {
    return this.oldest - 1 + this.agents.length;
  }

  get connections(): number {
    return this.peers.size;
  }

  /** Entries that match, ascending. */
  seqsOf(agents?: readonly string[]): number[] {
    return this.agents.flatMap((agent, index) =>
      !agents || agents.includes(agent) ? [this.oldest + index] : [],
    );
  }

  add(...agents: readonly string[]): void {
    this.agents.push(...agents);
    for (const peer of this.peers) peer.pumpAll();
  }

  /** Retention: the first entries go. */
  forget(count: number): void {
    this.agents.splice(0, count);
    this.oldest += count;
  }

  stats(): void {
    for (const peer of this.peers) peer.stats();
  }

  /** Leaves out the frames of the next entries that are added, and says so or not. */
  leaveOut(isTold: boolean, ...agents: readonly string[]): void {
    const from = this.newest + 1;
    this.agents.push(...agents);
    for (const peer of this.peers) peer.skip(from, this.newest, isTold);
  }

  /** Tells each subscription up to where nothing is missing for it, or a place before that. */
  tellPositions(seq?: number): void {
    for (const peer of this.peers) peer.tellPositions(seq);
  }

  breakAll(): void {
    for (const peer of this.peers) peer.socket.terminate();
  }

  closeAll(code: number, reason: string): void {
    for (const peer of this.peers) peer.socket.close(code, reason);
  }

  async stop(): Promise<void> {
    this.breakAll();
    this.server.close();
    await once(this.server, 'close');
  }

  private admits({ headers, url }: IncomingMessage): boolean {
    const key = headers['x-api-key'] ?? new URL(url ?? '', this.url).searchParams.get('ticket');
    return typeof key !== 'string' || !this.ended.includes(key);
  }
}

interface Place {
  readonly agents: readonly string[] | undefined;
  /** The last entry that was looked at. */
  last: number;
  /** The last frame that was sent, or a place that was told. */
  told: number;
  /** Whether nothing was left out. */
  isWhole: boolean;
}

/** One client, as the server has it. */
class Peer {
  private readonly places = new Map<string, Place>();
  private readonly filters = new Map<string, readonly string[] | undefined>();
  /** The newest command about each. */
  private readonly starting = new Map<string, Command>();
  private queued = 0;
  private last: Promise<void> = Promise.resolve();

  constructor(
    private readonly server: ProtocolServer,
    readonly socket: WebSocket,
  ) {
    socket.on('error', () => undefined);
    socket.on('message', (text: Buffer) => this.enqueue(JSON.parse(text.toString()) as Command));
    this.send({ type: 'connection', message: 'hello' });
    this.stats();
  }

  stats(): void {
    const { epoch, newest } = this.server;
    const data = { total_agents: 1, active_connections: 1, epoch, seq: newest };
    this.send({ type: 'stats', data });
  }

  pumpAll(): void {
    for (const [id, place] of this.places) this.pump(id, place);
  }

  skip(from: number, to: number, isTold: boolean): void {
    for (const [subscription, place] of this.places) {
      place.last = to;
      place.isWhole = false;
      const left = this.server.seqsOf(place.agents).filter((seq) => seq >= from && seq <= to);
      // What is missing unsaid shows by the next frame's `prev_seq`.
      place.told = left.at(-1) ?? place.told;
      if (isTold) this.send({ type: 'lagged', data: { subscription, from_seq: from, to_seq: to } });
    }
  }

  tellPositions(before?: number): void {
    const { epoch } = this.server;
    for (const [subscription, place] of this.places) {
      if (!place.isWhole) continue;
      const seq = before ?? place.last;
      place.told = Math.max(place.told, seq);
      this.send({ type: 'position', data: { subscription, epoch, seq } });
    }
  }

  private enqueue(command: Command): void {
    if (this.queued >= MAX_QUEUED) {
      this.socket.close(1008, 'too many commands at once');
      return;
    }
    this.queued += 1;
    this.last = this.last.then(() => {
      this.queued -= 1;
      if (this.socket.readyState === this.socket.OPEN) this.obey(command);
    });
  }

  private obey(command: Command): void {
    this.server.commands.push(command);
    if (this.server.isDeaf) return;
    const { request_id } = command;
    if (command.command === 'unsubscribe') {
      this.end(command);
      return;
    }
    const { subscription } = command;
    const agents = subscription ? this.filters.get(subscription) : command.filter?.agents;
    const code = this.refusalOf(command, agents);
    if (code === null) void this.begin(command, agents);
    else this.send({ type: 'error', data: { code, message: 'No.', command: command.command, request_id } });
  }

  private refusalOf({ subscription }: Command, agents: readonly string[] | undefined): string | null {
    if (this.server.failure !== null) return this.server.failure;
    if (subscription && !this.starting.has(subscription)) return 'SUBSCRIPTION_NOT_FOUND';
    return agents?.some((agent) => this.server.refused.includes(agent)) ? 'FILTER_REFUSED' : null;
  }

  private end({ subscription = '', request_id }: Command): void {
    if (this.starting.delete(subscription)) {
      this.places.delete(subscription);
      this.send({ type: 'unsubscribed', data: { subscription, request_id } });
    } else {
      const data = { code: 'SUBSCRIPTION_NOT_FOUND', message: 'No.', command: 'unsubscribe', request_id };
      this.send({ type: 'error', data });
    }
  }

  private async begin(command: Command, agents: readonly string[] | undefined): Promise<void> {
    const { epoch, newest, oldest } = this.server;
    const { since = newest, request_id } = command;
    const subscription = agents ? [...new Set(agents)].sort().join() : 'all';
    const isLost = since < oldest - 1 || since > newest || (command.epoch ?? epoch) !== epoch;
    const seq = isLost ? newest : since;
    const place = { agents, last: seq, told: seq, isWhole: true };
    const told = { subscription, epoch, seq: (command.epoch ?? epoch) === epoch ? since : seq };
    this.places.delete(subscription);
    this.starting.set(subscription, command);
    this.filters.set(subscription, agents);
    this.send({ type: 'subscribed', data: { ...told, filter: command.filter ?? {}, request_id } });
    // Others have their say in between, as with a log that has to be read.
    await aMoment();
    if (this.starting.get(subscription) !== command) return;
    this.places.set(subscription, place);
    if (isLost) {
      this.send({ type: 'history_lost', data: { ...told, seq, oldest_seq: oldest } });
      this.pump(subscription, place);
      return;
    }
    this.pump(subscription, place);
    place.told = Math.max(place.told, place.last);
    this.send({ type: 'live', data: { subscription, seq: place.last } });
  }

  private pump(subscription: string, place: Place): void {
    for (const seq of this.server.seqsOf(place.agents)) {
      if (seq <= place.last) continue;
      if (this.server.breaksAfter === 0) {
        this.server.breaksAfter = -1;
        this.socket.terminate();
      }
      if (this.server.breaksAfter > 0) this.server.breaksAfter -= 1;
      this.send({ type: 'agent_retired', data: {}, seq, prev_seq: place.told, subscription });
      place.told = seq;
    }
    place.last = this.server.newest;
  }

  private send(frame: object): void {
    if (this.socket.readyState !== this.socket.OPEN || this.server.isSilent) return;
    this.socket.send(JSON.stringify({ ...frame, timestamp: TIMESTAMP }));
  }
}
