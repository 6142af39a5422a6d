import { createHash, randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import {
  AgentDirectory,
  AgentNotFound,
  AuditTrail,
  Clock,
  DomainError,
  type EventDraft,
  newId,
  type OperationContext,
  type TransactionContext,
  TransactionRunner,
  ValidationFailed,
} from '#kernel';
import type { ApiKeyEntity } from './api-key.entity.js';
import { ApiKeysRepository } from './api-keys.repository.js';
import { KeyRing } from './key-ring.js';
import { isNetwork } from './networks.js';
import { ROLE_NAMES } from './policy.js';

/** Tells people and secret scanners what the text is. */
const KEY_PREFIX = 'arm_';
const KEY_BYTES = 32;
const SHOWN_CHARS = 12;

export interface NewApiKey {
  readonly name: string;
  readonly kind: 'human' | 'service' | 'agent';
  readonly role: string;
  /** Required for kind `agent`, absent for the others. */
  readonly agent?: { readonly agentId: string; readonly name: string };
  readonly expiresAt?: number;
  /** The networks that it may come from, in CIDR notation; none or absent for any. */
  readonly networks?: readonly string[];
}

/** A key just made; `secret` is shown this once. */
export interface CreatedApiKey {
  readonly key: ApiKeyEntity;
  readonly secret: string;
}

/** The SHA-256 under which a key is stored. The keys are 256 random bits, so no slow hash is called for. */
export function hashKey(secret: string): string {
  return createHash('sha256').update(secret).digest('base64');
}

/** Creates, lists and revokes API keys; each change leaves an entry. */
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

  /**
   * @throws ValidationFailed for an unknown role, kind or network, or a kind and agent that do not fit;
   * AgentNotFound for an agent that is not live.
   */
  create(ctx: OperationContext, request: NewApiKey): Promise<CreatedApiKey> {
    checkNewKey(request);
    const secret = KEY_PREFIX + randomBytes(KEY_BYTES).toString('base64url');
    const key: ApiKeyEntity = {
      keyId: newId(),
      name: request.name,
      kind: request.kind,
      role: request.role,
      agentId: request.agent?.agentId ?? null,
      hash: hashKey(secret),
      prefix: secret.slice(0, SHOWN_CHARS),
      networks: request.networks?.length ? [...request.networks] : null,
      createdAt: this.clock.now(),
      createdBy: ctx.principal.id,
      expiresAt: request.expiresAt ?? null,
      revokedAt: null,
      lastUsedAt: null,
    };
    return this.transactions.run(ctx, async (tx) => {
      // Under the writer's lock: a retirement comes either before this and is seen, or after it and ends the key.
      if (key.agentId !== null && !(await this.keys.isAgentLive(tx, key.agentId)))
        throw new AgentNotFound(key.agentId);
      await this.keys.insert(tx, key);
      this.record(tx, 'key.create', key);
      tx.tx.afterCommit(() => this.ring.put(key));
      return { key, secret };
    });
  }

  list(): Promise<ApiKeyEntity[]> {
    return this.keys.findAll();
  }

  /** @throws DomainError `KEY_NOT_FOUND`. */
  revoke(ctx: OperationContext, keyId: string): Promise<void> {
    return this.transactions.run(ctx, async (tx) => {
      const key = await this.keys.findUnrevokedById(tx, keyId);
      if (!key) throw new DomainError('KEY_NOT_FOUND', 'No key in force has this id.');
      await this.end(tx, key);
    });
  }

  /** Ends the keys of an agent that is being retired, in its transaction. */
  async revokeOfAgent(tx: TransactionContext, agentId: string): Promise<void> {
    for (const key of await this.keys.findUnrevokedOfAgent(tx, agentId)) await this.end(tx, key);
  }

  private async end(tx: TransactionContext, key: ApiKeyEntity): Promise<void> {
    await this.keys.revoke(tx, key.keyId, this.clock.now());
    this.record(tx, 'key.revoke', key);
    tx.tx.afterCommit(() => this.ring.remove(key.keyId));
  }

  private record(tx: TransactionContext, operationType: string, key: ApiKeyEntity): void {
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
        expires_at: key.expiresAt,
        networks: key.networks,
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

function checkNewKey({ name, kind, role, agent, networks = [] }: NewApiKey): void {
  const problems = [];
  if (!/^[\x20-\x7e]{1,64}$/.test(name))
    problems.push({ path: 'name', message: 'must be 1 to 64 printable ASCII characters' });
  if (!['human', 'service', 'agent'].includes(kind))
    problems.push({ path: 'kind', message: 'must be human, service or agent' });
  if (!(ROLE_NAMES as readonly string[]).includes(role)) {
    problems.push({ path: 'role', message: `must be one of ${ROLE_NAMES.join(', ')}` });
  }
  if ((kind === 'agent') !== (agent !== undefined)) {
    problems.push({ path: 'agent', message: 'must be given for a key of kind agent, and for no other' });
  }
  for (const network of networks) {
    if (isNetwork(network)) continue;
    const message = `must be in CIDR notation, such as 10.0.0.0/8 or 2001:db8::/32: ${JSON.stringify(network)} is not`;
    problems.push({ path: 'network', message });
  }
  if (problems.length > 0) throw new ValidationFailed(problems);
}
