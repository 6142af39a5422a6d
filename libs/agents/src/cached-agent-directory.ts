import { Injectable, Logger, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { AgentDirectory, type AgentRef, EventBus, isUuid, type RecordedEvent } from '#kernel';
import { Policy } from '#rbac';
import type { AgentEntity } from './agent.entity.js';
import { AgentsRepository } from './agents.repository.js';

const CHANGES = new Set(['agent.register', 'agent.update', 'agent.retire']);

interface KnownAgent {
  readonly ref: AgentRef;
  readonly version: number;
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

  constructor(
    private readonly repository: AgentsRepository,
    private readonly policy: Policy,
    private readonly events: EventBus,
  ) {
    super();
  }

  async onModuleInit(): Promise<void> {
    this.unsubscribe = this.events.subscribe((events) => this.follow(events));
    await this.reload();
  }

  onModuleDestroy(): void {
    this.unsubscribe();
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
    const known = this.byId.get(agent.agentId);
    if (known && known.version >= agent.version) return;
    if (known && known.ref.name !== agent.name) this.remove(agent.agentId);
    const entry = { ref: this.toRef(agent), version: agent.version };
    this.byId.set(agent.agentId, entry);
    this.byName.set(agent.name, entry);
  }

  remove(agentId: string): void {
    const known = this.byId.get(agentId);
    if (!known) return;
    this.byId.delete(agentId);
    // The name may belong to a successor already.
    if (this.byName.get(known.ref.name) === known) this.byName.delete(known.ref.name);
  }

  private follow(events: readonly RecordedEvent[]): void {
    const unseen = events.some(
      (event) => CHANGES.has(event.operationType) && event.source === 'decided' && !this.knows(event),
    );
    if (unseen)
      this.reload().catch((error: unknown) =>
        this.logger.error(error, 'the registry could not be read anew'),
      );
  }

  /** True where an own change has put the event's effect in already. */
  private knows(event: RecordedEvent): boolean {
    const known = this.byId.get(event.agentId);
    if (event.operationType === 'agent.retire') return known === undefined;
    const version =
      event.context === null ? NaN : (JSON.parse(event.context) as { version?: number }).version;
    return known !== undefined && version !== undefined && known.version >= version;
  }

  private async reload(): Promise<void> {
    const live = await this.repository.findLive();
    const ids = new Set(live.map((agent) => agent.agentId));
    for (const id of [...this.byId.keys()]) if (!ids.has(id)) this.remove(id);
    for (const agent of live) this.put(agent);
  }

  private toRef(agent: AgentEntity): AgentRef {
    const role = this.policy.role(agent.role);
    return {
      agentId: agent.agentId,
      name: agent.name,
      role: agent.role,
      category: agent.category,
      maxTokensPerSession: agent.maxTokensPerSession ?? role.maxTokensPerSession,
      maxCostPerDayMicro: agent.maxCostPerDayMicro ?? role.maxCostPerDayMicro,
    };
  }
}
