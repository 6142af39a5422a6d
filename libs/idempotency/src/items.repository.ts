import { Injectable } from '@nestjs/common';
import { IN_JSON, insertRows, type StoreTransaction } from '#persistence';

/** Where an `event_id` means one item. */
export interface ItemScope {
  readonly principal: string;
  readonly route: string;
}

/** An item that was recorded. */
export interface KnownItem {
  readonly fingerprint: string;
  readonly itemId: string;
}

interface ItemRow {
  readonly event_id: string;
  readonly fingerprint: string;
  readonly item_id: string;
}

const COLUMNS = ['principal', 'route', 'event_id', 'fingerprint', 'item_id', 'created_at'];
const REPLACE = `ON CONFLICT (principal, route, event_id) DO UPDATE SET fingerprint = excluded.fingerprint,
  item_id = excluded.item_id, created_at = excluded.created_at`;

@Injectable()
export class ItemsRepository {
  /** @param since ms; older ones count as absent. @returns those of `eventIds` that are known, by their `event_id`. */
  async find(
    db: StoreTransaction,
    { principal, route }: ItemScope,
    eventIds: readonly string[],
    since: number,
  ): Promise<Map<string, KnownItem>> {
    const rows = await db.query<ItemRow>(
      `SELECT event_id, fingerprint, item_id FROM idempotency_items
       WHERE principal = ? AND route = ? AND created_at > ? AND event_id ${IN_JSON[db.dialect]}`,
      [principal, route, since, JSON.stringify(eventIds)],
    );
    return new Map(rows.map((row) => [row.event_id, { fingerprint: row.fingerprint, itemId: row.item_id }]));
  }

  /** In the place of those that count as absent, too. @param at ms. */
  insert(
    db: StoreTransaction,
    { principal, route }: ItemScope,
    items: ReadonlyMap<string, KnownItem>,
    at: number,
  ): Promise<void> {
    const rows = [...items].map(([eventId, { fingerprint, itemId }]) => {
      return [principal, route, eventId, fingerprint, itemId, at];
    });
    return insertRows(db, 'idempotency_items', COLUMNS, rows, REPLACE);
  }
}
