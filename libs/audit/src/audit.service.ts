import { Injectable } from '@nestjs/common';
import type { Page } from '#contract';
import {
  AgentDirectory,
  AuditTrail,
  type OperationContext,
  type RecordedEvent,
  ToolUseGate,
  TransactionRunner,
} from '#kernel';
import { ownRows } from '#rbac';
import { type AuditCounts, type AuditFilter, AuditRepository } from './audit.repository.js';
import type { IngestEventRequest } from './dto/ingest-event.request.js';
import { toReportedEvent } from './reported-event.js';
import { toFindingEvent, toToolUse } from './tool-use-finding.js';

/** Records what clients report, and answers what the log holds. */
@Injectable()
export class AuditService {
  constructor(
    private readonly repository: AuditRepository,
    private readonly trail: AuditTrail,
    private readonly transactions: TransactionRunner,
    private readonly agents: AgentDirectory,
    private readonly gate: ToolUseGate,
  ) {}

  /** Records a reported event; it is durable when this resolves. */
  async record(ctx: OperationContext, request: IngestEventRequest): Promise<RecordedEvent> {
    const draft = toReportedEvent(request, ctx.principal, this.agents);
    const use = toToolUse(request, draft);
    const finding = use && (await this.gate.compare(use));
    const record = await this.transactions.append(ctx, (tx) => {
      const event = this.trail.record(tx, draft);
      if (finding) this.trail.record(tx, toFindingEvent(draft, event, finding));
      return event;
    });
    if (!record.event) throw new Error('a committed event has no place in the log');
    return record.event;
  }

  /** Newest first. An agent's key sees its own. */
  list(ctx: OperationContext, filter: AuditFilter, page: Page): Promise<RecordedEvent[]> {
    return this.repository.findNewest({ ...filter, agentId: this.visibleAgent(ctx, filter.agentId) }, page);
  }

  count(ctx: OperationContext): Promise<AuditCounts> {
    return this.repository.count(this.visibleAgent(ctx, undefined));
  }

  private visibleAgent(ctx: OperationContext, reference: string | undefined): string | undefined {
    return ownRows(ctx.principal, reference === undefined ? undefined : this.agents.idFor(reference));
  }
}
