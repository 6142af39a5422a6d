import { Injectable } from '@nestjs/common';
import { type Page, type PageOf, pageOf, upperBound } from '#contract';
import { type Dialect, Reader, Where } from '#persistence';
import type { MetricSums } from './rollups/metric-sums.js';

export interface MetricRow {
  metric_id: string;
  agent_id: string;
  agent_name: string;
  metric_type: string;
  execution_time_us: number | null;
  success: number | null;
  tokens_used: number | null;
  api_calls: number | null;
  cost_micro: number | null;
  quality_nano: number | null;
  code_violations: number | null;
  tasks_completed: number | null;
  tasks_failed: number | null;
  context: string | null;
  recorded_at: number;
}

export interface MetricFilter {
  readonly agentId?: string | undefined;
  readonly metricType?: string | undefined;
  /** Milliseconds UTC, included. */
  readonly from?: number | undefined;
  /** Milliseconds UTC, excluded. */
  readonly to?: number | undefined;
}

@Injectable()
export class MetricsRepository {
  constructor(private readonly reader: Reader) {}

  /** Newest first, by time and then by id. */
  async findNewest(filter: MetricFilter, { skip, limit, after }: Page): Promise<PageOf<MetricRow>> {
    const { to, ...others } = filter;
    const where = toWhere(others, this.reader.dialect).andAll(
      '(recorded_at, metric_id) < (?, ?)',
      upperBound(to, after),
    );
    const rows = await this.reader.query<MetricRow>(
      `SELECT * FROM agent_metrics ${where.sql} ORDER BY recorded_at DESC, metric_id DESC LIMIT ? OFFSET ?`,
      [...where.parameters, limit + 1, skip],
    );
    return pageOf(rows, limit, ({ recorded_at, metric_id }) => [recorded_at, metric_id]);
  }

  /** The totals over an agent's life; null where it has no metrics. */
  async findTotals(agentId: string): Promise<MetricSums | null> {
    const [totals] = await this.reader.query<MetricSums>('SELECT * FROM agent_totals WHERE agent_id = ?', [
      agentId,
    ]);
    return totals ?? null;
  }
}

function toWhere({ agentId, metricType, from, to }: MetricFilter, dialect: Dialect): Where {
  // An agent's metrics are fewer than everybody's of one type. SQLite keeps no statistics to know; `+` tells it.
  const beside = agentId !== undefined && dialect === 'sqlite' ? '+' : '';
  return new Where()
    .and('agent_id = ?', agentId)
    .and(`${beside}metric_type = ?`, metricType)
    .and('recorded_at >= ?', from)
    .and('recorded_at < ?', to);
}
