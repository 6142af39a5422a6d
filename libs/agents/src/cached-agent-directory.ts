import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { AgentDirectory, type AgentRef, isUuid, type RecordedEvent } from '#kernel';
import { PolicyInForce } from '#rbac';
import type { AgentEntity } from './agent.entity.js';
import { AgentsRepository } from './agents.repository.js';

const CHANGES = new Set(['agent.register', 'agent.update', 'agent.retire']);

interface KnownAgent {
  readonly ref: AgentRef;
  readonly agent: AgentEntity;
}

/**
 * The live agents in memory, and the last categories of those that are retired. This process's own changes are put in as they
 * commit; those of other processes are read before the log tells of them.
 */
@Injectable()
export class CachedAgentDirectory extends AgentDirectory implements OnModuleInit, OnModuleDestroy {
  private byId = new Map<string, KnownAgent>();
  private byName = new Map<string, KnownAgent>();
  /** Categories by id. An agent never comes back, so they do not change. */
  private readonly retired = new Map<string, string>();
  /** How often something was put in: what was read before that is out of date. */
  private changes = 0;
  private unsubscribe = (): void => undefined;

  constructor(
    private readonly repository: AgentsRepository,
    private readonly policy: PolicyInForce,
  ) {
    super();
  }

  async onModuleInit(): Promise<void> {
    // What an agent inherits is its role's present value.
    this.unsubscribe = this.policy.subscribe(() => this.renew());
    await this.take(() => this.repository.findLive());
    // Read last, so that whoever is retired meanwhile is in one of both.
    for (const agent of await this.repository.findRetired()) this.retire(agent);
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

  categoryOf(agentId: string): string | null {
    return this.byId.get(agentId)?.ref.category ?? this.retired.get(agentId) ?? null;
  }

  async catchUp(events: readonly RecordedEvent[]): Promise<void> {
    const unknown = events.filter((event) => changesAgent(event) && !this.knows(event));
    if (unknown.length === 0) return;
    const agentIds = [...new Set(unknown.map(({ agentId }) => agentId))];
    await this.take(() => this.repository.findByIds(agentIds));
  }

  /** Puts in a live agent as it was committed; older versions of what is known are left aside. */
  put(agent: AgentEntity): void {
    this.changes += 1;
    if (this.retired.has(agent.agentId)) return;
    const known = this.byId.get(agent.agentId);
    if (known && known.agent.version >= agent.version) return;
    if (known && known.ref.name !== agent.name) this.forget(known);
    const entry = this.toKnown(agent);
    this.byId.set(agent.agentId, entry);
    this.byName.set(agent.name, entry);
  }

  /** Lets go of an agent, but for its category. */
  retire({ agentId, category }: Pick<AgentEntity, 'agentId' | 'category'>): void {
    this.changes += 1;
    this.retired.set(agentId, category);
    const known = this.byId.get(agentId);
    if (known) this.forget(known);
  }

  /** Puts in what the store has. It is read again where something was put in meanwhile: a name may have changed hands. */
  private async take(read: () => Promise<AgentEntity[]>): Promise<void> {
    let asked: number;
    let stored: AgentEntity[];
    do {
      asked = this.changes;
      stored = await read();
    } while (asked !== this.changes);
    for (const agent of stored) {
      if (agent.retiredAt === null) this.put(agent);
      else this.retire(agent);
    }
  }

  /** True where the event's effect has been put in already. */
  private knows({ agentId, operationType, context }: RecordedEvent): boolean {
    if (this.retired.has(agentId)) return true;
    const known = this.byId.get(agentId);
    if (!known || operationType === 'agent.retire' || context === null) return false;
    const { version } = JSON.parse(context) as { version?: number };
    return version !== undefined && known.agent.version >= version;
  }

  private renew(): void {
    const known = [...this.byId.values()].map(({ agent }) => this.toKnown(agent));
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

function changesAgent({ source, operationType }: RecordedEvent): boolean {
  return source === 'decided' && CHANGES.has(operationType);
}
