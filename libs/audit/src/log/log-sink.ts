import type { PendingEvent, RecordedEvent, Sink, Transaction } from '#kernel';
import { insertRows, storeOf } from '#persistence';
import { Frontier } from './frontier.js';
import { EVENT_COLUMNS, toValues } from './log-columns.js';
import { seal } from './leaf.js';

const COLUMNS = [...EVENT_COLUMNS, 'text_salt', 'text_hash', 'leaf_hash'];

/** An event on its way into the log; only its place is missing. */
export interface LogRecord extends PendingEvent {
  readonly draft: Omit<RecordedEvent, 'seq'>;
}

/**
 * The writing end of the log. Reads the head inside the committing transaction, gives each entry the next
 * sequence number, seals it, and writes all with one statement and the head with another. Last of the sinks, so a
 * number is given only to what is about to commit: the sequence has no gaps.
 */
export class LogSink implements Sink<LogRecord> {
  readonly name = 'agent_audit_log';
  readonly order = 100;

  constructor(private readonly announce: (events: readonly RecordedEvent[]) => void) {}

  async flush(tx: Transaction, records: readonly LogRecord[]): Promise<void> {
    const store = storeOf(tx);
    const [head] = await store.query<{ size: number; frontier: string }>(
      'SELECT size, frontier FROM agent_audit_head WHERE id = 1',
    );
    if (!head) throw new Error('the log has no head');
    const frontier = Frontier.parse(head.size, head.frontier);
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
    await insertRows(store, 'agent_audit_log', COLUMNS, rows);
    await store.query('UPDATE agent_audit_head SET size = ?, frontier = ? WHERE id = 1', [
      frontier.size,
      frontier.toString(),
    ]);
    store.afterCommit(() => this.announce(events));
  }
}
