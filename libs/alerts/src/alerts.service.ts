import { Injectable } from '@nestjs/common';
import type { Page, PageOf } from '#contract';
import { AgentDirectory, type OperationContext } from '#kernel';
import { ownRows } from '#rbac';
import { type AlertFilter, type AlertRow, AlertsRepository } from './alerts.repository.js';

/** Shows what was alerted to. */
@Injectable()
export class AlertsService {
  constructor(
    private readonly repository: AlertsRepository,
    private readonly agents: AgentDirectory,
  ) {}

  /** Newest first. An agent's key sees its own. @param filter with a reference to an agent. */
  list(ctx: OperationContext, filter: AlertFilter, page: Page): Promise<PageOf<AlertRow>> {
    const { agentId } = filter;
    const asked = agentId === undefined ? undefined : this.agents.idFor(agentId);
    return this.repository.findNewest({ ...filter, agentId: ownRows(ctx.principal, asked) }, page);
  }
}
