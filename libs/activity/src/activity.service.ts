import { Injectable } from '@nestjs/common';
import type { Page, PageOf } from '#contract';
import { AgentDirectory, Clock, type OperationContext } from '#kernel';
import { ownRows } from '#rbac';
import { type Activity, ActivityRepository } from './activity.repository.js';

const HOUR_MS = 3_600_000;

/** Answers what happened lately. */
@Injectable()
export class ActivityService {
  constructor(
    private readonly repository: ActivityRepository,
    private readonly agents: AgentDirectory,
    private readonly clock: Clock,
  ) {}

  /**
   * The last `hours` hours, newest first. An agent's key sees its own.
   * @param reference id or name of an agent; undefined for all.
   * @throws AccessDenied `NOT_OWN_AGENT`
   */
  async list(
    ctx: OperationContext,
    reference: string | undefined,
    hours: number,
    page: Page,
  ): Promise<PageOf<Activity>> {
    const agentId = ownRows(
      ctx.principal,
      reference === undefined ? undefined : this.agents.idFor(reference),
    );
    return this.repository.findNewest({ agentId, since: this.clock.now() - hours * HOUR_MS }, page);
  }
}
