import { Injectable } from '@nestjs/common';
import {
  type CopiesErased,
  CopyHolders,
  type EntryToErase,
  type TextCopies,
  type TransactionContext,
} from '#kernel';
import { storeOf } from '#persistence';

/** What a metric keeps of the texts of its entry: its context. Its figures stay. */
@Injectable()
export class MetricCopies implements TextCopies {
  readonly what = 'metrics';
  readonly order = 10;

  constructor(holders: CopyHolders) {
    holders.add(this);
  }

  async erase(ctx: TransactionContext, { event, decided }: EntryToErase): Promise<CopiesErased> {
    const metricId = decided && metricOf(event.targetResource, decided);
    if (typeof metricId !== 'string') return { rows: 0 };
    const rows = await storeOf(ctx).change(
      'UPDATE agent_metrics SET context = NULL WHERE metric_id = ? AND context IS NOT NULL',
      [metricId],
    );
    return { rows, answers: [{ id: metricId, at: event.recordedAt }] };
  }
}

function metricOf(target: string | null, { type, context }: NonNullable<EntryToErase['decided']>): unknown {
  if (type === 'metric.record') return target;
  return type === 'agent.complete' ? context['metric_id'] : null;
}
