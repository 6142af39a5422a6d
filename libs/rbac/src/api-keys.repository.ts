import { Injectable } from '@nestjs/common';
import { IsNull } from 'typeorm';
import type { TransactionContext } from '#kernel';
import { Reader, storeOf } from '#persistence';
import { ApiKeyEntity } from './api-key.entity.js';

@Injectable()
export class ApiKeysRepository {
  constructor(private readonly reader: Reader) {}

  /** Keys that still open the door, or would but for their expiry. */
  findUnrevoked(): Promise<ApiKeyEntity[]> {
    return this.reader.repository(ApiKeyEntity).find({ where: { revokedAt: IsNull() } });
  }

  /** Oldest first. */
  findAll(): Promise<ApiKeyEntity[]> {
    return this.reader.repository(ApiKeyEntity).find({ order: { createdAt: 'ASC', keyId: 'ASC' } });
  }

  async insert(ctx: TransactionContext, key: ApiKeyEntity): Promise<void> {
    await storeOf(ctx).manager.insert(ApiKeyEntity, key);
  }

  /** Whether the agent is registered and not retired, as this transaction sees it. */
  async isAgentLive(ctx: TransactionContext, agentId: string): Promise<boolean> {
    const rows = await storeOf(ctx).query(
      'SELECT 1 FROM agent_identities WHERE agent_id = ? AND retired_at IS NULL',
      [agentId],
    );
    return rows.length > 0;
  }

  findUnrevokedById(ctx: TransactionContext, keyId: string): Promise<ApiKeyEntity | null> {
    return storeOf(ctx).manager.findOneBy(ApiKeyEntity, { keyId, revokedAt: IsNull() });
  }

  findUnrevokedOfAgent(ctx: TransactionContext, agentId: string): Promise<ApiKeyEntity[]> {
    return storeOf(ctx).manager.findBy(ApiKeyEntity, { agentId, revokedAt: IsNull() });
  }

  async revoke(ctx: TransactionContext, keyId: string, at: number): Promise<void> {
    await storeOf(ctx).manager.update(ApiKeyEntity, { keyId }, { revokedAt: at });
  }
}
