import { Injectable } from '@nestjs/common';
import { type Page, type PageOf, pageOf } from '#contract';
import { isUuid, type TransactionContext } from '#kernel';
import { Reader, storeOf, Where } from '#persistence';

/** What must stay in the log, whatever its age. */
export interface Hold {
  readonly holdId: string;
  /** Of this agent alone; null for all. */
  readonly agentId: string | null;
  /** Recorded from then on, and before then, milliseconds UTC; null for no bound. */
  readonly fromTime: number | null;
  readonly toTime: number | null;
  readonly reason: string;
  readonly placedBy: string;
  readonly placedAt: number;
  /** Null while it is in force. */
  readonly releasedBy: string | null;
  readonly releasedAt: number | null;
}

const COLUMNS = {
  hold_id: 'holdId',
  agent_id: 'agentId',
  from_time: 'fromTime',
  to_time: 'toTime',
  reason: 'reason',
  placed_by: 'placedBy',
  placed_at: 'placedAt',
  released_by: 'releasedBy',
  released_at: 'releasedAt',
} as const satisfies Record<string, keyof Hold>;
const SELECTED = Object.entries(COLUMNS).map(([column, name]) => `${column} AS "${name}"`);

@Injectable()
export class HoldsRepository {
  constructor(private readonly reader: Reader) {}

  async insert(ctx: TransactionContext, hold: Hold): Promise<void> {
    const columns = Object.keys(COLUMNS);
    await storeOf(ctx).query(
      `INSERT INTO audit_holds (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`,
      Object.values(COLUMNS).map((name) => hold[name]),
    );
  }

  /** @returns the hold as it is now; null where none of that id is in force. */
  async release(ctx: TransactionContext, holdId: string, by: string, at: number): Promise<Hold | null> {
    if (!isUuid(holdId)) return null;
    const store = storeOf(ctx);
    const ask = `SELECT ${SELECTED.join(', ')} FROM audit_holds WHERE hold_id = ? AND released_at IS NULL`;
    const [hold] = await store.query<Hold>(ask, [holdId]);
    if (!hold) return null;
    await store.query('UPDATE audit_holds SET released_by = ?, released_at = ? WHERE hold_id = ?', [
      by,
      at,
      holdId,
    ]);
    return { ...hold, releasedBy: by, releasedAt: at };
  }

  /** Newest first, those that were released too. */
  async findPage({ skip, limit, after }: Page): Promise<PageOf<Hold>> {
    const where = new Where().andAll('(placed_at, hold_id) < (?, ?)', after);
    const holds = await this.reader.query<Hold>(
      `SELECT ${SELECTED.join(', ')} FROM audit_holds ${where.sql} ORDER BY placed_at DESC, hold_id DESC LIMIT ? OFFSET ?`,
      [...where.parameters, limit + 1, skip],
    );
    return pageOf(holds, limit, ({ placedAt, holdId }) => [placedAt, holdId]);
  }
}
