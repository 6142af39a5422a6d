import {
  type Clock,
  DomainError,
  type Outcome,
  type RecordedItem,
  type SentItem,
  type Sink,
  type Transaction,
  type TransactionContext,
} from '#kernel';
import { storeOf } from '#persistence';
import type { ItemScope, ItemsRepository, KnownItem } from './items.repository.js';
import { KEPT_MS, scopeOf } from './scope.js';

/** An item on its way; the commit says what became of it. */
export interface PendingItem {
  readonly ctx: TransactionContext;
  /** Null for an item without an id of its sender's, which stands among such as have one. */
  readonly sent: SentItem | null;
  /** Hands the item to the sinks of its kind. @returns its id. */
  readonly record: (ctx: TransactionContext) => string;
  outcome: Outcome<RecordedItem> | null;
}

/** The items of one scope in a flush: those that were known before, and those that came since. */
interface Known {
  readonly scope: ItemScope;
  readonly before: ReadonlyMap<string, KnownItem>;
  readonly added: Map<string, KnownItem>;
}

/**
 * Lets through what was not recorded before. The first of the sinks, under the writer's lock: of what arrives at once,
 * on whatever connection or instance, one is the first. One question and one insert for each principal of a group.
 */
export class ItemSink implements Sink<PendingItem> {
  readonly name = 'idempotency_items';
  readonly order = 5;

  constructor(
    private readonly repository: ItemsRepository,
    private readonly clock: Clock,
  ) {}

  async flush(tx: Transaction, items: readonly PendingItem[]): Promise<void> {
    const now = this.clock.now();
    const known = await this.read(tx, items, now - KEPT_MS);
    for (const item of items) item.outcome = settle(item, { ...item.ctx, tx }, known.get(nameOf(item)));
    for (const { scope, added } of known.values())
      if (added.size > 0) await this.repository.insert(storeOf(tx), scope, added, now);
  }

  private async read(
    tx: Transaction,
    items: readonly PendingItem[],
    since: number,
  ): Promise<Map<string, Known>> {
    const asked = new Map<string, { readonly scope: ItemScope; readonly eventIds: string[] }>();
    for (const item of items) {
      if (!item.sent) continue;
      const name = nameOf(item);
      const scope = { principal: scopeOf(item.ctx.principal), route: item.ctx.route ?? '' };
      const group = asked.get(name) ?? { scope, eventIds: [] };
      group.eventIds.push(item.sent.eventId);
      asked.set(name, group);
    }
    const known = new Map<string, Known>();
    for (const [name, { scope, eventIds }] of asked) {
      const before = await this.repository.find(storeOf(tx), scope, eventIds, since);
      known.set(name, { scope, before, added: new Map() });
    }
    return known;
  }
}

const nameOf = ({ ctx }: PendingItem): string => JSON.stringify([scopeOf(ctx.principal), ctx.route]);

function settle(
  { sent, record }: PendingItem,
  ctx: TransactionContext,
  known: Known | undefined,
): Outcome<RecordedItem> {
  if (!sent || !known) return { value: { id: record(ctx), repeated: false } };
  const first = known.before.get(sent.eventId) ?? known.added.get(sent.eventId);
  if (first && first.fingerprint !== sent.fingerprint)
    return { error: new DomainError('EVENT_ID_REUSED', 'The event_id was used for another item.') };
  if (first) return { value: { id: first.itemId, repeated: true } };
  const itemId = record(ctx);
  known.added.set(sent.eventId, { fingerprint: sent.fingerprint, itemId });
  return { value: { id: itemId, repeated: false } };
}
