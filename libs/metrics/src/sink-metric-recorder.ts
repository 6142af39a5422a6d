import { Injectable } from '@nestjs/common';
import { type MetricDraft, MetricRecorder, newId, type TransactionContext } from '#kernel';
import { MetricsSink } from './metrics-sink.js';

/** Gives metrics their ids and hands them to the group's sink. */
@Injectable()
export class SinkMetricRecorder extends MetricRecorder {
  private readonly sink = new MetricsSink();

  record(ctx: TransactionContext, draft: MetricDraft): string {
    const metricId = newId();
    ctx.tx.add(this.sink, { ...draft, metricId });
    return metricId;
  }
}
