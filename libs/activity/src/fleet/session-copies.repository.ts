import { Injectable } from '@nestjs/common';
import {
  type CopiesErased,
  CopyHolders,
  type EntryToErase,
  type TextCopies,
  type TransactionContext,
} from '#kernel';
import { storeOf } from '#persistence';
import { toFleetEntry } from './fleet-entry.js';

const TAKE_OUT = `entries = entries - 1, cost_micro = cost_micro - ?, tokens_used = tokens_used - ?`;

/**
 * That an entry belongs to a session is said by its texts alone. With them it leaves the session, with what it cost; and the
 * session's id goes with the last one.
 */
@Injectable()
export class SessionCopies implements TextCopies {
  readonly what = 'sessions';
  readonly order = 50;

  constructor(holders: CopyHolders) {
    holders.add(this);
  }

  async erase(ctx: TransactionContext, { event }: EntryToErase): Promise<CopiesErased> {
    const store = storeOf(ctx);
    const [placed] = await store.query<{ session: number }>(
      'SELECT session_seq AS session FROM fleet_entries WHERE seq = ?',
      [event.seq],
    );
    if (!placed) return { rows: 0 };
    const { session } = placed;
    const { costMicro, tokens } = toFleetEntry(event);
    const amounts = [costMicro, tokens];
    await store.query('DELETE FROM fleet_entries WHERE seq = ?', [event.seq]);
    await store.query(`UPDATE fleet_sessions SET ${TAKE_OUT} WHERE session_seq = ?`, [...amounts, session]);
    await store.query(`UPDATE fleet_activities SET ${TAKE_OUT} WHERE agent_id = ? AND session_seq = ?`, [
      ...amounts,
      ...[event.agentId, session],
    ]);
    const none = 'NOT EXISTS (SELECT 1 FROM fleet_entries e WHERE e.session_seq = ?)';
    for (const table of ['fleet_activities', 'fleet_sessions'])
      await store.query(`DELETE FROM ${table} WHERE session_seq = ? AND ${none}`, [session, session]);
    return { rows: 1 };
  }
}
