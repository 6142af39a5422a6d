import { Injectable } from '@nestjs/common';
import { type Page, type PageOf, withEventIdKept } from '#contract';
import {
  AgentDirectory,
  attemptEach,
  AuditTrail,
  type EventDraft,
  ItemRecorder,
  type OperationContext,
  type Outcome,
  type PendingEvent,
  type RecordedEvent,
  type RecordedItem,
  type SentItem,
  toSentItem,
  type ToolUseFinding,
  ToolUseGate,
  type TransactionContext,
  TransactionRunner,
} from '#kernel';
import { PolicyInForce } from '#rbac';
import { AuditRepository } from './audit.repository.js';
import {
  AuditCountsRepository,
  type CountQuestion,
  type CountRow,
} from './counts/audit-counts.repository.js';
import type { IngestEventItem, IngestEventRequest } from './dto/ingest-event.request.js';
import type { AuditFilter } from './log/log-query.js';
import { toReportedEvent } from './reported-event.js';
import { toFindingEvent, toToolUse } from './tool-use-finding.js';
import { visibleAgent } from './visible-agent.js';

/** An event to record, and what comes of comparing it with what was decided. */
interface Report {
  readonly draft: EventDraft;
  readonly finding: ToolUseFinding | null;
  /** Null for what is not to be recognized when it is sent again. */
  readonly sent: SentItem | null;
}

/** Records what clients report, and answers what the log holds. */
@Injectable()
export class AuditService {
  constructor(
    private readonly repository: AuditRepository,
    private readonly counts: AuditCountsRepository,
    private readonly trail: AuditTrail,
    private readonly transactions: TransactionRunner,
    private readonly agents: AgentDirectory,
    private readonly gate: ToolUseGate,
    private readonly items: ItemRecorder,
    private readonly policy: PolicyInForce,
  ) {}

  /** Records a reported event; it is durable when this resolves. */
  async record(ctx: OperationContext, request: IngestEventRequest): Promise<RecordedEvent> {
    const report = await this.toReport(ctx, request);
    const record = await this.transactions.append(ctx, (tx) => this.enter(tx, report));
    if (!record.event) throw new Error('a committed event has no place in the log');
    return record.event;
  }

  /** Records many, together; each is durable when this resolves, or has its error. @returns their ids, in order. */
  async recordEach(
    ctx: OperationContext,
    items: readonly IngestEventItem[],
  ): Promise<Outcome<RecordedItem>[]> {
    const reports = await attemptEach(items, (item) =>
      this.toReport(ctx, withEventIdKept(item), toSentItem(item)),
    );
    return this.items.recordEach(ctx, reports, (tx, report) => this.enter(tx, report).auditId);
  }

  /** Newest first. An agent's key sees its own. */
  list(ctx: OperationContext, filter: AuditFilter, page: Page): Promise<PageOf<RecordedEvent>> {
    return this.repository.findNewest(
      { ...filter, agentId: visibleAgent(ctx, this.agents, filter.agentId) },
      page,
    );
  }

  /** Counts by decision, type and role, and by what is asked for. An agent's key sees its own. */
  count(ctx: OperationContext, question: CountQuestion): Promise<CountRow[]> {
    return this.counts.count({ ...question, agentId: visibleAgent(ctx, this.agents, question.agentId) });
  }

  private toReport(
    ctx: OperationContext,
    request: IngestEventRequest,
    sent: SentItem | null = null,
  ): Report | Promise<Report> {
    const draft = toReportedEvent(request, ctx.principal, this.agents, this.policy.current.redactor);
    const use = toToolUse(request, draft);
    if (!use) return { draft, finding: null, sent };
    return this.gate.compare(use).then((finding) => ({ draft, finding, sent }));
  }

  private enter(tx: TransactionContext, { draft, finding }: Report): PendingEvent {
    const event = this.trail.record(tx, draft);
    if (finding) this.trail.record(tx, toFindingEvent(draft, event, finding));
    return event;
  }
}
