import { Injectable } from '@nestjs/common';
import { In, IsNull, Not } from 'typeorm';
import type { TransactionContext } from '#kernel';
import { marks, Reader, storeOf } from '#persistence';
import { AgentEntity } from './agent.entity.js';

/** Keeps a statement below SQLite's bound on variables. */
const PER_STATEMENT = 500;

/** The registry's rows. Questions that need usage and performance too are the read model's. */
@Injectable()
export class AgentsRepository {
  constructor(private readonly reader: Reader) {}

  findLive(): Promise<AgentEntity[]> {
    return this.reader.repository(AgentEntity).find({ where: { retiredAt: IsNull() } });
  }

  /** The last category of each retired agent. */
  findRetired(): Promise<Pick<AgentEntity, 'agentId' | 'category'>[]> {
    return this.reader
      .repository(AgentEntity)
      .find({ select: { agentId: true, category: true }, where: { retiredAt: Not(IsNull()) } });
  }

  /** Live and retired ones. */
  async findByIds(agentIds: readonly string[]): Promise<AgentEntity[]> {
    const found: AgentEntity[] = [];
    for (let from = 0; from < agentIds.length; from += PER_STATEMENT) {
      const part = agentIds.slice(from, from + PER_STATEMENT);
      found.push(...(await this.reader.repository(AgentEntity).findBy({ agentId: In(part) })));
    }
    return found;
  }

  findLiveById(ctx: TransactionContext, agentId: string): Promise<AgentEntity | null> {
    return storeOf(ctx).manager.findOneBy(AgentEntity, { agentId, retiredAt: IsNull() });
  }

  findLiveByName(ctx: TransactionContext, name: string): Promise<AgentEntity | null> {
    return storeOf(ctx).manager.findOneBy(AgentEntity, { name, retiredAt: IsNull() });
  }

  /** Retired agents count too: an id is never used again. */
  isIdUsed(ctx: TransactionContext, agentId: string): Promise<boolean> {
    return storeOf(ctx).manager.existsBy(AgentEntity, { agentId });
  }

  /** Live agents as this transaction sees them. */
  findLiveWithin(ctx: TransactionContext): Promise<AgentEntity[]> {
    return storeOf(ctx).manager.findBy(AgentEntity, { retiredAt: IsNull() });
  }

  /** True while no agent was ever registered. */
  async isEmpty(): Promise<boolean> {
    return !(await this.reader.repository(AgentEntity).exists());
  }

  /** Those of `agentIds` that are or were an agent's. */
  async findUsedIds(ctx: TransactionContext, agentIds: readonly string[]): Promise<Set<string>> {
    const used = new Set<string>();
    for (let from = 0; from < agentIds.length; from += PER_STATEMENT) {
      const part = agentIds.slice(from, from + PER_STATEMENT);
      const rows = await storeOf(ctx).query<{ agent_id: string }>(
        `SELECT agent_id FROM agent_identities WHERE agent_id IN (${marks(part.length)})`,
        part,
      );
      for (const row of rows) used.add(row.agent_id);
    }
    return used;
  }

  async insert(ctx: TransactionContext, agents: readonly AgentEntity[]): Promise<void> {
    for (let from = 0; from < agents.length; from += PER_STATEMENT) {
      await storeOf(ctx).manager.insert(AgentEntity, agents.slice(from, from + PER_STATEMENT));
    }
  }

  async update(ctx: TransactionContext, agentId: string, changes: Partial<AgentEntity>): Promise<void> {
    await storeOf(ctx).manager.update(AgentEntity, { agentId }, changes);
  }
}
