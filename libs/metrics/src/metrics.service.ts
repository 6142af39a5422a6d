import { Injectable } from '@nestjs/common';
import { type Page, type PageOf, parseTime, withEventIdKept } from '#contract';
import {
  AgentDirectory,
  AgentNotFound,
  type AgentRef,
  attemptEach,
  AuditTrail,
  ChargeRecorder,
  Clock,
  ItemRecorder,
  LIMITS,
  MaskedKinds,
  type MetricDraft,
  MetricRecorder,
  type OperationContext,
  type Outcome,
  type RecordedItem,
  type Redactor,
  type SentItem,
  toMicros,
  toMicroUsd,
  toNano,
  toSentItem,
  type TransactionContext,
  TransactionRunner,
  ValidationFailed,
} from '#kernel';
import { ownRows, PolicyInForce, requireOwnAgent } from '#rbac';
import type { CreateMetricItem, CreateMetricRequest } from './dto/create-metric.request.js';
import { type MetricResponse, toMetricResponse } from './dto/metric.response.js';
import { MAX_AHEAD_MS } from './metric-times.js';
import { type MetricFilter, type MetricRow, MetricsRepository } from './metrics.repository.js';
import type { MetricSums } from './rollups/metric-sums.js';

/** A metric to record, of whom it is, and the context as it was sent. */
interface Report {
  readonly agent: AgentRef;
  readonly draft: MetricDraft;
  readonly context: Record<string, unknown> | undefined;
  readonly masked: MaskedKinds;
  /** Null for what is not to be recognized when it is sent again. */
  readonly sent: SentItem | null;
}

/** Records metrics, and shows them. */
@Injectable()
export class MetricsService {
  constructor(
    private readonly repository: MetricsRepository,
    private readonly recorder: MetricRecorder,
    private readonly charges: ChargeRecorder,
    private readonly audit: AuditTrail,
    private readonly transactions: TransactionRunner,
    private readonly agents: AgentDirectory,
    private readonly clock: Clock,
    private readonly items: ItemRecorder,
    private readonly policy: PolicyInForce,
  ) {}

  /**
   * Records a metric, its entry and, for type `cost`, its charge in one transaction.
   * @throws AgentNotFound, AccessDenied, ValidationFailed
   */
  async record(ctx: OperationContext, request: CreateMetricRequest): Promise<MetricResponse> {
    const report = this.toReport(ctx, request);
    return this.transactions.append(ctx, (tx) => this.enter(tx, report));
  }

  /** Records many, together; each is durable when this resolves, or has its error. @returns their ids, in order. */
  async recordEach(
    ctx: OperationContext,
    items: readonly CreateMetricItem[],
  ): Promise<Outcome<RecordedItem>[]> {
    const reports = await attemptEach(items, (item) =>
      this.toReport(ctx, withEventIdKept(item), toSentItem(item)),
    );
    return this.items.recordEach(ctx, reports, (tx, report) => this.enter(tx, report).metric_id);
  }

  /** Newest first. An agent's key sees its own. */
  list(ctx: OperationContext, filter: MetricFilter, page: Page): Promise<PageOf<MetricRow>> {
    return this.repository.findNewest({ ...filter, agentId: this.visibleAgent(ctx, filter.agentId) }, page);
  }

  /** @returns null totals for an agent without metrics. @throws AgentNotFound, AccessDenied */
  async summarize(
    ctx: OperationContext,
    reference: string,
  ): Promise<{ agentId: string; totals: MetricSums | null }> {
    const agent = this.agents.resolve(reference);
    if (!agent) throw new AgentNotFound(reference);
    requireOwnAgent(ctx, agent.agentId);
    return { agentId: agent.agentId, totals: await this.repository.findTotals(agent.agentId) };
  }

  private visibleAgent(ctx: OperationContext, reference: string | undefined): string | undefined {
    return ownRows(ctx.principal, reference === undefined ? undefined : this.agents.idFor(reference));
  }

  private toReport(
    ctx: OperationContext,
    request: CreateMetricRequest,
    sent: SentItem | null = null,
  ): Report {
    const agent = this.agents.resolve(request.agent_id);
    if (!agent) throw new AgentNotFound(request.agent_id);
    requireOwnAgent(ctx, agent.agentId);
    const masked = new MaskedKinds();
    const context = contextOf(request, this.policy.current.redactor, masked);
    const draft = this.toDraft(agent, request, context);
    return { agent, draft, context: request.context, masked, sent };
  }

  private enter(tx: TransactionContext, { agent, draft, context, masked }: Report): MetricResponse {
    const metric = toMetricResponse(toMetricRow(this.recorder.record(tx, draft), draft));
    this.audit.record(tx, {
      agent,
      operationType: 'metric.record',
      operationDetail: draft.metricType,
      targetResource: metric.metric_id,
      targetType: 'metric',
      decision: 'allowed',
      costMicro: draft.costMicro,
      tokensUsed: draft.tokensUsed,
      context: JSON.stringify({ ...metric, redacted: masked.list }),
      source: 'decided',
      outcome: 'success',
    });
    if (draft.metricType === 'cost') this.charge(tx, agent, draft, context);
    return metric;
  }

  private charge(
    tx: TransactionContext,
    agent: AgentRef,
    draft: MetricDraft,
    context: Record<string, unknown> = {},
  ): void {
    if (draft.costMicro === null && draft.tokensUsed === null) return;
    this.charges.charge(tx, {
      agent,
      source: 'metric',
      tokensUsed: draft.tokensUsed ?? 0,
      costMicro: draft.costMicro ?? 0,
      toolName: textOrNull(context['tool_name']),
      sessionId: textOrNull(context['session_id']),
      toolUseId: textOrNull(context['tool_use_id']),
      requestId: textOrNull(context['request_id']),
      clientTimestamp: null,
      claimedAgent: null,
    });
  }

  private toDraft(agent: AgentRef, request: CreateMetricRequest, context: string | null): MetricDraft {
    const now = this.clock.now();
    const recordedAt = request.recorded_at === undefined ? now : (parseTime(request.recorded_at) ?? now);
    if (recordedAt > now + MAX_AHEAD_MS) {
      throw new ValidationFailed([{ path: 'recorded_at', message: 'must not be more than 5 minutes ahead' }]);
    }
    return {
      agent,
      metricType: request.metric_type,
      executionTimeUs: request.execution_time_ms === undefined ? null : toMicros(request.execution_time_ms),
      success: request.success ?? null,
      tokensUsed: request.tokens_used ?? null,
      apiCalls: request.api_calls ?? null,
      costMicro: request.cost_usd === undefined ? null : toMicroUsd(request.cost_usd),
      qualityNano: request.quality_score === undefined ? null : toNano(request.quality_score),
      codeViolations: request.code_violations ?? null,
      tasksCompleted: request.tasks_completed ?? null,
      tasksFailed: request.tasks_failed ?? null,
      context,
      recordedAt,
    };
  }
}

/** The context with unknown members in its `extra` and without secrets, as JSON text. @throws ValidationFailed */
function contextOf(
  { context, extra }: CreateMetricRequest,
  redactor: Redactor,
  masked: MaskedKinds,
): string | null {
  if (context === undefined && extra === undefined) return null;
  const whole = extra ? (Object.assign(Object.create(null), context, { extra }) as object) : context;
  const text = JSON.stringify(redactor.value(whole, masked));
  if (Buffer.byteLength(text) > LIMITS.longTextBytes) {
    const message = `must not be larger than ${LIMITS.longTextBytes} bytes as JSON, unknown fields included`;
    throw new ValidationFailed([{ path: 'context', message }]);
  }
  return text;
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

function toMetricRow(metricId: string, draft: MetricDraft): MetricRow {
  return {
    metric_id: metricId,
    agent_id: draft.agent.agentId,
    agent_name: draft.agent.name,
    metric_type: draft.metricType,
    execution_time_us: draft.executionTimeUs,
    success: draft.success === null ? null : Number(draft.success),
    tokens_used: draft.tokensUsed,
    api_calls: draft.apiCalls,
    cost_micro: draft.costMicro,
    quality_nano: draft.qualityNano,
    code_violations: draft.codeViolations,
    tasks_completed: draft.tasksCompleted,
    tasks_failed: draft.tasksFailed,
    context: draft.context,
    recorded_at: draft.recordedAt,
  };
}
