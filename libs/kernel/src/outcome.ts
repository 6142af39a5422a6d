import type { OperationContext } from './operation-context.js';
import { StoreUnavailable } from './domain-error.js';
import type { TransactionContext, TransactionRunner } from './transaction.js';

/** What one of many came to. */
export type Outcome<T> = { readonly value: T } | { readonly error: unknown };

/** How many of the items that have to wait for something wait at once. */
const AT_ONCE = 32;

/** What `work` makes of each item, in their order; an item that need not wait costs no promise. */
export async function attemptEach<Item, T>(
  items: readonly Item[],
  work: (item: Item) => T | Promise<T>,
): Promise<Outcome<T>[]> {
  const outcomes: Outcome<T>[] = [];
  let waiting: Promise<void>[] = [];
  for (const [index, item] of items.entries()) {
    try {
      const value = work(item);
      if (!(value instanceof Promise)) {
        outcomes[index] = { value };
        continue;
      }
      waiting.push(
        value.then(
          (settled) => void (outcomes[index] = { value: settled }),
          (error: unknown) => void (outcomes[index] = { error }),
        ),
      );
    } catch (error) {
      outcomes[index] = { error };
    }
    if (waiting.length >= AT_ONCE) {
      await Promise.all(waiting);
      waiting = [];
    }
  }
  await Promise.all(waiting);
  return outcomes;
}

/**
 * Has each value recorded, all in one unit of work. Where that unit fails its halves are tried, so that none fails
 * for another's sake; a store that is unavailable is not asked again. What failed before stays as it is.
 */
export async function appendEach<V, T>(
  transactions: TransactionRunner,
  ctx: OperationContext,
  outcomes: readonly Outcome<V>[],
  record: (tx: TransactionContext, value: V) => T,
): Promise<Outcome<T>[]> {
  const values = outcomes.flatMap((outcome) => ('value' in outcome ? [outcome.value] : []));
  const recorded = (await appendAll(transactions, ctx, values, record)).values();
  return outcomes.map((outcome) => ('value' in outcome ? (recorded.next().value as Outcome<T>) : outcome));
}

async function appendAll<V, T>(
  transactions: TransactionRunner,
  ctx: OperationContext,
  values: readonly V[],
  record: (tx: TransactionContext, value: V) => T,
): Promise<Outcome<T>[]> {
  if (values.length === 0) return [];
  try {
    const results = await transactions.append(ctx, (tx) => values.map((value) => record(tx, value)));
    return results.map((value) => ({ value }));
  } catch (error) {
    if (values.length === 1 || error instanceof StoreUnavailable) return values.map(() => ({ error }));
    const half = Math.ceil(values.length / 2);
    const first = await appendAll(transactions, ctx, values.slice(0, half), record);
    return [...first, ...(await appendAll(transactions, ctx, values.slice(half), record))];
  }
}
