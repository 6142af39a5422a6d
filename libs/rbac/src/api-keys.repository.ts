import { Injectable } from '@nestjs/common';
import { IsNull } from 'typeorm';
import { type Page, type PageOf, pageOf, type Place } from '#contract';
import type { TransactionContext } from '#kernel';
import { Reader, storeOf } from '#persistence';
import { ApiKeyEntity } from './api-key.entity.js';

const OLDEST_FIRST = { createdAt: 'ASC', keyId: 'ASC' } as const;

const placeOf = ([createdAt, keyId]: Place) => ({ createdAt, keyId });

@Injectable()
export class ApiKeysRepository {
  constructor(private readonly reader: Reader) {}

  /** Keys that still open the door, or would but for their expiry. */
  findUnrevoked(): Promise<ApiKeyEntity[]> {
    return this.reader.repository(ApiKeyEntity).find({ where: { revokedAt: IsNull() } });
  }

  /** Oldest first. */
  findAll(): Promise<ApiKeyEntity[]> {
    return this.reader.repository(ApiKeyEntity).find({ order: OLDEST_FIRST });
  }

  /** Oldest first. */
  async findPage({ skip, limit, after }: Page): Promise<PageOf<ApiKeyEntity>> {
    const keys = this.reader.repository(ApiKeyEntity);
    const found = keys.createQueryBuilder('key').orderBy('key.createdAt').addOrderBy('key.keyId');
    if (after) found.where('(key.createdAt, key.keyId) > (:createdAt, :keyId)', placeOf(after));
    const [rows, total] = await Promise.all([
      found
        .offset(skip)
        .limit(limit + 1)
        .getMany(),
      keys.count(),
    ]);
    return { ...pageOf(rows, limit, ({ createdAt, keyId }) => [createdAt, keyId]), total };
  }

  findById(keyId: string): Promise<ApiKeyEntity | null> {
    return this.reader.repository(ApiKeyEntity).findOneBy({ keyId });
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

  /** @param lastUsed milliseconds UTC, by the key's id. Another process may have seen a later use. */
  async noteUse(ctx: TransactionContext, lastUsed: ReadonlyMap<string, number>): Promise<void> {
    for (const [keyId, at] of lastUsed) {
      await storeOf(ctx).query(
        'UPDATE api_keys SET last_used_at = ? WHERE key_id = ? AND (last_used_at IS NULL OR last_used_at < ?)',
        [at, keyId, at],
      );
    }
  }

  async setExpiry(ctx: TransactionContext, keyId: string, at: number | null): Promise<void> {
    await storeOf(ctx).manager.update(ApiKeyEntity, { keyId }, { expiresAt: at });
  }
}
