import { DataSource } from 'typeorm';
import { AuditRepository, FollowedLog, type LogFollower, LogTail } from '#audit';
import { type DatabaseUrl, parseDatabaseUrl } from '#config';
import {
  AuditTrail,
  type EventDraft,
  type OperationContext,
  type PendingEvent,
  type RecordedEvent,
  type ReportedDraft,
  SystemClock,
  systemContext,
} from '#kernel';
import { dataSourceOptions } from '#ormconfig';
import { connectionOptions, prepareFile, Reader, Store, storeOf } from '#persistence';
import { LogAuditTrail } from '../../libs/audit/src/log/audit-trail.js';
import { PostCommitEventBus } from '../../libs/persistence/src/post-commit-event-bus.js';
import { Writer } from '../../libs/persistence/src/writer.js';
import { NoAgents } from './no-agents.js';
import type { TestStore } from './store.js';

export function databaseOf(store: TestStore): DatabaseUrl {
  const database = parseDatabaseUrl(store.url);
  if (!database) throw new Error(`not a database: ${store.url}`);
  return database;
}

/** A connection beside the service's, which may run any SQL. The schema must exist already. */
export function openRaw(store: TestStore): Promise<DataSource> {
  const options = connectionOptions(databaseOf(store), 'write');
  return new DataSource(
    options.type === 'postgres' ? { ...options, applicationName: 'test' } : options,
  ).initialize();
}

/** Changes of an event, which a test may call whatever it likes. */
type DraftChanges = Partial<Omit<ReportedDraft, 'source'> & Pick<EventDraft, 'source'>>;

/** What a test records: a reported event, of the agent `unknown` unless told otherwise. */
export function anEvent(changes: DraftChanges = {}): EventDraft {
  return {
    agent: { agentId: 'unknown', name: 'unknown', role: 'unknown' },
    operationType: 'tool_use',
    decision: 'allowed',
    source: 'reported',
    ...changes,
  } as EventDraft;
}

/** The store and the log as the service has them, without the service. */
export class OpenedStore {
  readonly ctx: OperationContext = systemContext('test');
  readonly writer: Writer;
  readonly reader: Reader;
  readonly bus = new PostCommitEventBus();
  readonly tail: LogTail;
  readonly followed: FollowedLog;
  readonly trail: AuditTrail;

  private constructor(
    readonly store: Store,
    readonly sources: readonly [DataSource, DataSource],
  ) {
    this.writer = new Writer(store, 2_000);
    this.reader = new Reader(store);
    const log = new AuditRepository(this.reader);
    this.tail = new LogTail(log, this.bus, new NoAgents());
    this.followed = new FollowedLog(log, this.reader, this.bus);
    this.trail = new LogAuditTrail(new SystemClock(), this.tail);
  }

  static async open(test: TestStore): Promise<OpenedStore> {
    const database = databaseOf(test);
    prepareFile(database);
    const write = await new DataSource(dataSourceOptions(database, 'write')).initialize();
    const read = await new DataSource(dataSourceOptions(database, 'read')).initialize();
    const store = new Store(database, write, read);
    try {
      await store.open();
    } catch (error) {
      await Promise.all([write.destroy(), read.destroy()]);
      throw error;
    }
    const opened = new OpenedStore(store, [write, read]);
    await opened.tail.onModuleInit();
    return opened;
  }

  /** Commits one entry. */
  record(changes: DraftChanges = {}): Promise<PendingEvent> {
    return this.writer.append(this.ctx, (tx) => this.trail.record(tx, anEvent(changes)));
  }

  /** The log for who follows it at most so many entries at once. */
  followedBy(most: number): FollowedLog {
    const { followed } = this;
    const after = (seq: number, limit: number) => followed.after(seq, Math.min(limit, most));
    return Object.create(followed, { after: { value: after } }) as FollowedLog;
  }

  /** All that reaches the bus from now on, in the order it does. */
  listen(): RecordedEvent[] {
    const heard: RecordedEvent[] = [];
    this.bus.subscribe((events) => heard.push(...events));
    return heard;
  }

  /** What is not audit follows the log as well, and retention waits for it: here it has followed, and always will have. */
  async followedByOthers(): Promise<void> {
    const all = `UPDATE log_followers SET seq = 1000000000 WHERE name NOT IN ('counts', 'text')`;
    await this.writer.run(this.ctx, (tx) => storeOf(tx).query(all));
  }

  /** The sequence numbers in the log, ascending. */
  async sequence(): Promise<number[]> {
    const rows = await this.reader.query<{ seq: number }>('SELECT seq FROM agent_audit_log ORDER BY seq');
    return rows.map((row) => row.seq);
  }

  async close(): Promise<void> {
    await this.tail.onModuleDestroy();
    await this.writer.close();
    await this.store.checkpoint();
    for (const source of this.sources) await source.destroy();
  }
}

/** Has a follower take the entries that come next. @returns whether there may be more. */
export function takeOn(follower: LogFollower): Promise<boolean> {
  return (follower as unknown as { followOn(): Promise<boolean> }).followOn();
}

/** `1 … count`. */
export function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index + 1);
}
