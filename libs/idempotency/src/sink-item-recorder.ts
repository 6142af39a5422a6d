import { Injectable } from '@nestjs/common';
import {
  appendEach,
  Clock,
  ItemRecorder,
  type OperationContext,
  type Outcome,
  type RecordedItem,
  type SentItem,
  type TransactionContext,
  TransactionRunner,
} from '#kernel';
import { ItemSink, type PendingItem } from './item-sink.js';
import { ItemsRepository } from './items.repository.js';

/** Records items at once where none has an `event_id`, else through their sink, in the order that they came in. */
@Injectable()
export class SinkItemRecorder extends ItemRecorder {
  private readonly sink: ItemSink;

  constructor(
    private readonly transactions: TransactionRunner,
    repository: ItemsRepository,
    clock: Clock,
  ) {
    super();
    this.sink = new ItemSink(repository, clock);
  }

  async recordEach<V extends { readonly sent: SentItem | null }>(
    ctx: OperationContext,
    values: readonly Outcome<V>[],
    record: (ctx: TransactionContext, value: V) => string,
  ): Promise<Outcome<RecordedItem>[]> {
    if (values.some((each) => 'value' in each && each.value.sent !== null))
      return this.recordNew(ctx, values, record);
    return appendEach(this.transactions, ctx, values, (tx, value) => ({
      id: record(tx, value),
      repeated: false,
    }));
  }

  private async recordNew<V extends { readonly sent: SentItem | null }>(
    ctx: OperationContext,
    values: readonly Outcome<V>[],
    record: (ctx: TransactionContext, value: V) => string,
  ): Promise<Outcome<RecordedItem>[]> {
    const pending = await appendEach(this.transactions, ctx, values, (tx, value) => {
      const item: PendingItem = {
        ctx: tx,
        sent: value.sent,
        record: (within) => record(within, value),
        outcome: null,
      };
      tx.tx.add(this.sink, item);
      return item;
    });
    return pending.map((each) => ('value' in each ? outcomeOf(each.value) : each));
  }
}

function outcomeOf({ outcome }: PendingItem): Outcome<RecordedItem> {
  if (!outcome) throw new Error('a committed item has no outcome');
  return outcome;
}
