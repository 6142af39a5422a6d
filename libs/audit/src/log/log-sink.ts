import type { PendingEvent, RecordedEvent, Sink, Transaction } from '#kernel';
import { insertRows, storeOf } from '#persistence';
import { Frontier } from '../merkle/frontier.js';
import { seal } from './leaf.js';
import { LOG_COLUMNS, type LogHead, toValues } from './log-columns.js';
import { LogStatement } from './log-statement.js';

/** An event on its way into the log; only its place is missing. */
export interface LogRecord extends PendingEvent {
  readonly draft: Omit<RecordedEvent, 'seq'>;
}

/** Entries that have their places, and the head after them. */
interface Placed {
  readonly events: readonly RecordedEvent[];
  readonly rows: readonly (readonly unknown[])[];
  readonly head: LogHead;
}

/**
 * The writing end of the log. Reads the head inside the committing transaction, gives each entry the next
 * sequence number, seals it, and writes all with one statement and the head with another. Last of the sinks, so a
 * number is given only to what is about to commit: the sequence has no gaps.
 */
export class LogSink implements Sink<LogRecord> {
  readonly name = 'agent_audit_log';
  readonly order = 100;
  /** As this process last saw it committed; another may have appended since. */
  private head: LogHead | null = null;
  private readonly statement = new LogStatement();

  constructor(private readonly announce: (events: readonly RecordedEvent[]) => void) {}

  async flush(tx: Transaction, records: readonly LogRecord[]): Promise<void> {
    const store = storeOf(tx);
    const [head] = await store.query<LogHead>('SELECT size, frontier FROM agent_audit_head WHERE id = 1');
    if (!head) throw new Error('the log has no head');
    const placed = place(records, head);
    await insertRows(store, 'agent_audit_log', LOG_COLUMNS, placed.rows);
    await store.query('UPDATE agent_audit_head SET size = ?, frontier = ? WHERE id = 1', [
      placed.head.size,
      placed.head.frontier,
    ]);
    store.afterCommit(() => this.committed(placed));
  }

  /** Takes the head to be where it was: if another process has appended, the numbers are taken and nothing is written. */
  async commitAlone(tx: Transaction, records: readonly LogRecord[]): Promise<boolean> {
    const store = storeOf(tx);
    if (!this.head || !this.statement.takes(store, records.length)) return false;
    const placed = place(records, this.head);
    this.head = null;
    if (!(await this.statement.run(store, placed.rows, placed.head))) return false;
    store.afterCommit(() => this.committed(placed));
    return true;
  }

  private committed({ head, events }: Placed): void {
    this.head = head;
    this.announce(events);
  }
}

function place(records: readonly LogRecord[], { size, frontier: edge }: LogHead): Placed {
  const frontier = Frontier.parse(size, edge);
  const events: RecordedEvent[] = [];
  const rows: unknown[][] = [];
  for (const record of records) {
    const event: RecordedEvent = { seq: frontier.size + 1, ...record.draft };
    const { textSalt, textHash, leafHash } = seal(event);
    frontier.append(leafHash);
    record.event = event;
    events.push(event);
    rows.push([...toValues(event), textSalt, textHash, leafHash]);
  }
  return { events, rows, head: { size: frontier.size, frontier: frontier.toString() } };
}
