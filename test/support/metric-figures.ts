/** A metric as the tests know it: what was sent, of whom, and when. */
export interface SentMetric {
  readonly agent: { readonly id: string; readonly role: string; readonly category: string };
  readonly metric_type: string;
  readonly at: number;
  readonly execution_time_us: number | null;
  readonly success: boolean | null;
  readonly cost_micro: number | null;
  readonly tokens_used: number | null;
  readonly quality_nano: number | null;
}

export function toBody(metric: SentMetric): Record<string, unknown> {
  const scaled = (value: number | null, scale: number) => (value === null ? undefined : value / scale);
  return {
    agent_id: metric.agent.id,
    metric_type: metric.metric_type,
    recorded_at: new Date(metric.at).toISOString(),
    execution_time_ms: scaled(metric.execution_time_us, 1e3),
    success: metric.success ?? undefined,
    cost_usd: scaled(metric.cost_micro, 1e6),
    tokens_used: metric.tokens_used ?? undefined,
    quality_score: scaled(metric.quality_nano, 1e9),
  };
}

const sum = (values: readonly (number | null)[]): number =>
  values.reduce<number>((total, value) => total + (value ?? 0), 0);
const present = <T>(values: readonly (T | null)[]): T[] => values.filter((value) => value !== null);
const mean = (values: readonly (number | null)[], scale: number): number => {
  const rows = present(values);
  return rows.length === 0 ? 0 : sum(rows) / rows.length / scale;
};

/** What an answer must say of these metrics, metric by metric. */
export function figuresOf(metrics: readonly SentMetric[]): Record<string, unknown> {
  const outcomes = present(metrics.map(({ success }) => success));
  return {
    count: metrics.length,
    avg_execution_time_ms: mean(
      metrics.map((metric) => metric.execution_time_us),
      1e3,
    ),
    success_rate: outcomes.length === 0 ? 0 : outcomes.filter(Boolean).length / outcomes.length,
    total_cost_usd: sum(metrics.map((metric) => metric.cost_micro)) / 1e6,
    total_tokens_used: sum(metrics.map((metric) => metric.tokens_used)),
    avg_quality_score: mean(
      metrics.map((metric) => metric.quality_nano),
      1e9,
    ),
  };
}

/** The execution time at the nearest rank, milliseconds; null where no metric holds one. */
export function percentileOf(metrics: readonly SentMetric[], percentile: number): number | null {
  const times = present(metrics.map((metric) => metric.execution_time_us)).sort((a, b) => a - b);
  const us = times[Math.max(1, Math.ceil((percentile / 100) * times.length)) - 1];
  return us === undefined ? null : us / 1e3;
}

/** Any metric of one of `agents` between two times, milliseconds. */
export function randomMetric(
  random: () => number,
  agents: readonly SentMetric['agent'][],
  [from, to]: readonly [number, number],
): SentMetric {
  const below = (bound: number) => Math.floor(random() * bound);
  const perhaps = <T>(value: T): T | null => (random() < 0.3 ? null : value);
  return {
    agent: agents[below(agents.length)] as SentMetric['agent'],
    metric_type: ['execution', 'quality', 'task_completion'][below(3)] as string,
    at: from + below(to - from),
    execution_time_us: perhaps(random() < 0.1 ? 0 : Math.floor(10 ** (random() * 10))),
    success: perhaps(random() < 0.5),
    cost_micro: perhaps(below(1e9)),
    tokens_used: perhaps(below(1e6)),
    quality_nano: perhaps(below(1e9)),
  };
}
