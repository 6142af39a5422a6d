import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { Page, PageOf } from '#contract';
import {
  AgentDirectory,
  AgentNotFound,
  AuditTrail,
  Clock,
  DomainError,
  type EventDraft,
  isUuid,
  newId,
  type OperationContext,
  type OperationType,
  type TransactionContext,
  TransactionRunner,
} from '#kernel';
import type { ApiKeyEntity } from './api-key.entity.js';
import { ApiKeysRepository } from './api-keys.repository.js';
import { KeyRing } from './key-ring.js';
import { checkNewKey, hashKey, type NewApiKey } from './new-api-key.js';

/** Tells people and secret scanners what the text is. */
const KEY_PREFIX = 'arm_';
const KEY_BYTES = 32;
const SHOWN_CHARS = 12;

/** A key just made; `secret` is shown this once. */
export interface CreatedApiKey {
  readonly key: ApiKeyEntity;
  readonly secret: string;
}

/** Creates, lists, replaces and revokes API keys; each change leaves an entry. */
@Injectable()
export class ApiKeysService {
  constructor(
    private readonly keys: ApiKeysRepository,
    private readonly ring: KeyRing,
    private readonly agents: AgentDirectory,
    private readonly transactions: TransactionRunner,
    private readonly audit: AuditTrail,
    private readonly clock: Clock,
  ) {}

  /** @throws ValidationFailed as `checkNewKey` says; AgentNotFound for an agent that is not live. */
  create(ctx: OperationContext, request: NewApiKey): Promise<CreatedApiKey> {
    checkNewKey(request);
    const owner = request.owner ?? ownerBehind(ctx, request);
    return this.transactions.run(ctx, (tx) => this.insert(tx, { ...request, owner }));
  }

  /** All of them, oldest first. */
  list(): Promise<ApiKeyEntity[]> {
    return this.keys.findAll();
  }

  /** Oldest first. */
  page(page: Page): Promise<PageOf<ApiKeyEntity>> {
    return this.keys.findPage(page);
  }

  /** Also one that is revoked or has expired. @throws DomainError `KEY_NOT_FOUND`. */
  async get(keyId: string): Promise<ApiKeyEntity> {
    const key = isUuid(keyId) ? await this.keys.findById(keyId) : null;
    if (!key) throw new DomainError('KEY_NOT_FOUND', 'No key has this id.');
    return key;
  }

  /** @throws DomainError `KEY_NOT_FOUND`. */
  revoke(ctx: OperationContext, keyId: string): Promise<void> {
    return this.transactions.run(ctx, async (tx) => this.end(tx, await this.getUnrevoked(tx, keyId)));
  }

  /**
   * Makes a key like this one, which ends: at once, or when the time of grace is over, unless it expires before. The
   * new one expires when the old one would have: one that replaces a key in its time of grace ends with that.
   * @param graceMs milliseconds; 0 for at once.
   * @throws DomainError `KEY_NOT_FOUND` also for one that has expired, since the new one would have, too.
   */
  rotate(ctx: OperationContext, keyId: string, graceMs: number): Promise<CreatedApiKey> {
    return this.transactions.run(ctx, async (tx) => {
      const old = await this.getUnrevoked(tx, keyId);
      const now = this.clock.now();
      if (old.expiresAt !== null && old.expiresAt <= now) throw noneInForce();
      const created = await this.insert(tx, old);
      const endsAt = Math.min(now + graceMs, old.expiresAt ?? Infinity);
      this.record(tx, 'key.rotate', old, { replaced_by: created.key.keyId, ends_at: endsAt });
      if (graceMs === 0) await this.end(tx, old);
      else await this.limit(tx, { ...old, expiresAt: endsAt });
      return created;
    });
  }

  /** Ends the keys of an agent that is being retired, in its transaction. */
  async revokeOfAgent(tx: TransactionContext, agentId: string): Promise<void> {
    for (const key of await this.keys.findUnrevokedOfAgent(tx, agentId)) await this.end(tx, key);
  }

  private async insert(tx: TransactionContext, request: NewApiKey): Promise<CreatedApiKey> {
    const secret = KEY_PREFIX + randomBytes(KEY_BYTES).toString('base64url');
    const key: ApiKeyEntity = {
      keyId: newId(),
      name: request.name,
      kind: request.kind,
      role: request.role,
      agentId: request.agentId ?? null,
      owner: request.owner ?? null,
      hash: hashKey(secret),
      prefix: secret.slice(0, SHOWN_CHARS),
      networks: request.networks?.length ? [...request.networks] : null,
      createdAt: this.clock.now(),
      createdBy: tx.principal.id,
      expiresAt: request.expiresAt ?? null,
      revokedAt: null,
      lastUsedAt: null,
    };
    // Under the writer's lock: a retirement comes either before this and is seen, or after it and ends the key.
    if (key.agentId !== null && !(await this.keys.isAgentLive(tx, key.agentId)))
      throw new AgentNotFound(key.agentId);
    await this.keys.insert(tx, key);
    this.record(tx, 'key.create', key);
    tx.tx.afterCommit(() => this.ring.put(key));
    return { key, secret };
  }

  private async getUnrevoked(tx: TransactionContext, keyId: string): Promise<ApiKeyEntity> {
    const key = isUuid(keyId) ? await this.keys.findUnrevokedById(tx, keyId) : null;
    if (!key) throw noneInForce();
    return key;
  }

  private async limit(tx: TransactionContext, key: ApiKeyEntity): Promise<void> {
    await this.keys.setExpiry(tx, key.keyId, key.expiresAt);
    tx.tx.afterCommit(() => this.ring.put(key));
  }

  private async end(tx: TransactionContext, key: ApiKeyEntity): Promise<void> {
    await this.keys.revoke(tx, key.keyId, this.clock.now());
    this.record(tx, 'key.revoke', key);
    tx.tx.afterCommit(() => this.ring.remove(key.keyId));
  }

  private record(
    tx: TransactionContext,
    operationType: OperationType,
    key: ApiKeyEntity,
    more: object = {},
  ): void {
    this.audit.record(tx, {
      agent: this.agentOf(tx, key),
      operationType,
      operationDetail: key.name,
      targetResource: key.keyId,
      targetType: 'key',
      decision: 'allowed',
      context: JSON.stringify({
        kind: key.kind,
        role: key.role,
        agent_id: key.agentId,
        owner: key.owner ?? undefined,
        expires_at: key.expiresAt,
        networks: key.networks,
        ...more,
      }),
      source: 'decided',
      outcome: 'success',
    });
  }

  /** Whom an entry about a key concerns: the agent that it is bound to, else no agent. */
  private agentOf({ principal }: TransactionContext, { agentId }: ApiKeyEntity): EventDraft['agent'] {
    if (agentId === null) return { agentId: 'system', name: 'system', role: principal.role };
    return this.agents.resolve(agentId) ?? { agentId, name: agentId, role: 'unknown' };
  }
}

function noneInForce(): DomainError {
  return new DomainError('KEY_NOT_FOUND', 'No key in force has this id.');
}

/** Whoever makes a person's key and does not say whose it is, makes it for itself. */
function ownerBehind({ principal }: OperationContext, { kind }: NewApiKey): string | null {
  return kind === 'human' && principal.kind === 'human' ? (principal.owner ?? principal.id) : null;
}
