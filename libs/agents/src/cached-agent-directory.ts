import { Injectable, Logger, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { AgentDirectory, type AgentRef, EventBus, isUuid, type RecordedEvent, Refresher } from '#kernel';
import { PolicyInForce } from '#rbac';
import type { AgentEntity } from './agent.entity.js';
import { AgentsRepository } from './agents.repository.js';

const CHANGES = new Set(['agent.register', 'agent.update', 'agent.retire']);

interface KnownAgent {
  readonly ref: AgentRef;
  readonly agent: AgentEntity;
}

/**
 * The live agents in memory. This process's own changes are put in as they commit; those of other processes are
 * read when the log tells of them.
 */
@Injectable()
export class CachedAgentDirectory extends AgentDirectory implements OnModuleInit, OnModuleDestroy {
  private readonly logger = new Logger(CachedAgentDirectory.name);
  private byId = new Map<string, KnownAgent>();
  private byName = new Map<string, KnownAgent>();
  private unsubscribe = (): void => undefined;
  private readonly refresher = new Refresher(
    () => this.repository.findLive(),
    (live) => this.replace(live),
    (error) => this.logger.error(error, 'the registry could not be read anew'),
  );

  constructor(
    private readonly repository: AgentsRepository,
    private readonly policy: PolicyInForce,
    private readonly events: EventBus,
  ) {
    super();
  }

  async onModuleInit(): Promise<void> {
    const unfollow = this.events.subscribe((events) => this.follow(events));
    // What an agent inherits is its role's present value.
    const unwatch = this.policy.subscribe(() =>
      this.replace([...this.byId.values()].map(({ agent }) => agent)),
    );
    this.unsubscribe = () => {
      unfollow();
      unwatch();
    };
    await this.refresher.refresh();
  }

  async onModuleDestroy(): Promise<void> {
    this.unsubscribe();
    await this.refresher.close();
  }

  resolve(reference: string): AgentRef | null {
    const known = isUuid(reference) ? this.byId.get(reference.toLowerCase()) : this.byName.get(reference);
    return known?.ref ?? null;
  }

  count(): number {
    return this.byId.size;
  }

  /** Puts in what was committed; older versions of what is known are left aside. */
  put(agent: AgentEntity): void {
    this.refresher.noteChange();
    const known = this.byId.get(agent.agentId);
    if (known && known.agent.version >= agent.version) return;
    if (known && known.ref.name !== agent.name) this.forget(known);
    const entry = this.toKnown(agent);
    this.byId.set(agent.agentId, entry);
    this.byName.set(agent.name, entry);
  }

  remove(agentId: string): void {
    this.refresher.noteChange();
    const known = this.byId.get(agentId);
    if (known) this.forget(known);
  }

  private follow(events: readonly RecordedEvent[]): void {
    const changes = events.filter(
      ({ source, operationType }) => source === 'decided' && CHANGES.has(operationType),
    );
    if (changes.length === 0) return;
    // What is in the view may still be missing from a reading under way.
    if (changes.every((event) => this.knows(event))) this.refresher.noteChange();
    else this.refresher.refreshSoon();
  }

  /** True where an own change has put the event's effect in already. */
  private knows(event: RecordedEvent): boolean {
    const known = this.byId.get(event.agentId);
    if (event.operationType === 'agent.retire') return known === undefined;
    const version =
      event.context === null ? NaN : (JSON.parse(event.context) as { version?: number }).version;
    return known !== undefined && version !== undefined && known.agent.version >= version;
  }

  private replace(live: readonly AgentEntity[]): void {
    const known = live.map((agent) => this.toKnown(agent));
    this.byId = new Map(known.map((entry) => [entry.ref.agentId, entry]));
    this.byName = new Map(known.map((entry) => [entry.ref.name, entry]));
  }

  private forget(known: KnownAgent): void {
    this.byId.delete(known.ref.agentId);
    // The name may belong to a successor already.
    if (this.byName.get(known.ref.name) === known) this.byName.delete(known.ref.name);
  }

  private toKnown(agent: AgentEntity): KnownAgent {
    const role = this.policy.current.role(agent.role);
    const ref = {
      agentId: agent.agentId,
      name: agent.name,
      role: agent.role,
      category: agent.category,
      maxTokensPerSession: agent.maxTokensPerSession ?? role.maxTokensPerSession,
      maxCostPerDayMicro: agent.maxCostPerDayMicro ?? role.maxCostPerDayMicro,
      rights: {
        allowedTools: agent.allowedTools,
        deniedTools: agent.deniedTools,
        pathScopes: agent.pathScopes,
        apiAccess: agent.apiAccess,
        requiresApproval: agent.requiresApproval,
        approvalThresholdMicro: agent.approvalThresholdMicro,
        trusted: agent.trusted,
      },
    };
    return { ref, agent };
  }
}
