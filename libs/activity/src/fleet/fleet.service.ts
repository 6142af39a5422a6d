import { Inject, Injectable } from '@nestjs/common';
import { CONFIG, type Config } from '#config';
import { type Page, type PageOf, parseTime } from '#contract';
import { AgentDirectory, Clock, DomainError, isStorable, type OperationContext, toIndexedId } from '#kernel';
import { ownRows } from '#rbac';
import type { ActiveQuery, SessionsQuery } from './dto/fleet.queries.js';
import { FleetFollower } from './fleet-follower.js';
import { FleetReadModel, type ShownActivity, type ShownSession } from './fleet.read-model.js';
import { type Order, type TimelineRow, TimelineRepository } from './timeline.repository.js';

/** Agents of a session that its page tells. */
const MOST_AGENTS = 200;

export interface SessionWithTimeline {
  readonly session: ShownSession;
  readonly agents: readonly ShownActivity[];
  readonly timeline: PageOf<TimelineRow>;
}

/** Answers which agents are active, and what happened in sessions: all that was recorded before the question. */
@Injectable()
export class FleetService {
  constructor(
    private readonly follower: FleetFollower,
    private readonly fleet: FleetReadModel,
    private readonly timelines: TimelineRepository,
    private readonly agents: AgentDirectory,
    private readonly clock: Clock,
    @Inject(CONFIG) private readonly config: Pick<Config, 'agentIdleAfterMs'>,
  ) {}

  /** Who gave no sign of life since then is silent, milliseconds UTC. */
  get silentSince(): number {
    return this.clock.now() - this.config.agentIdleAfterMs;
  }

  /** Newest begun first. An agent's key sees its own. @throws AccessDenied */
  async listActive(ctx: OperationContext, query: ActiveQuery): Promise<PageOf<ShownActivity>> {
    const { agent_id, role, category, session_id, status } = query;
    const agentId = this.visibleAgent(ctx, agent_id);
    const sessionId = toIndexedId(session_id ?? null);
    const page = query.page();
    await this.follower.settle();
    const { silentSince } = this;
    return this.fleet.findActive({ agentId, role, category, sessionId, status, silentSince }, page);
  }

  /** Newest sign of life first. An agent's key sees its part of its own. @throws AccessDenied */
  async listSessions(ctx: OperationContext, query: SessionsQuery): Promise<PageOf<ShownSession>> {
    const { agent_id, active, since } = query;
    const agentId = this.visibleAgent(ctx, agent_id);
    const own = ctx.principal.agentId !== null;
    const page = query.page();
    await this.follower.settle();
    const { silentSince } = this;
    return this.fleet.findSessions(
      { agentId, own, active, since: since === undefined ? null : parseTime(since), silentSince },
      page,
    );
  }

  /** An agent's key sees its part. @throws DomainError `SESSION_NOT_FOUND` */
  async getSession(
    ctx: OperationContext,
    id: string,
    order: Order,
    page: Page,
  ): Promise<SessionWithTimeline> {
    const own = ctx.principal.agentId ?? undefined;
    const sessionId = isStorable(id) ? toIndexedId(id) : null;
    await this.follower.settle();
    const session =
      sessionId === null ? null : await this.fleet.findSession(sessionId, own, this.silentSince);
    if (!session) {
      const shown = JSON.stringify(id.slice(0, 100));
      throw new DomainError('SESSION_NOT_FOUND', `Nothing is known of a session ${shown}.`);
    }
    const [agents, timeline] = await Promise.all([
      this.fleet.findAgents(session.session_seq, own, MOST_AGENTS),
      this.timelines.find(session.session_seq, own, order, page),
    ]);
    return { session, agents, timeline };
  }

  private visibleAgent(ctx: OperationContext, reference: string | undefined): string | undefined {
    return ownRows(ctx.principal, reference === undefined ? undefined : this.agents.idFor(reference));
  }
}
