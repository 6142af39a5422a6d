import { Injectable, Logger, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { Clock, EventBus, type Principal, type RecordedEvent, Refresher } from '#kernel';
import type { ApiKeyEntity } from './api-key.entity.js';
import { ApiKeysRepository } from './api-keys.repository.js';
import { Networks } from './networks.js';

/** What a request that shows the key is judged by. */
export interface KnownKey {
  readonly principal: Principal;
  /** Milliseconds UTC; null for a key that does not expire. */
  readonly expiresAt: number | null;
  /** Where it may come from; null for anywhere. */
  readonly networks: Networks | null;
}

/**
 * The keys that are not revoked, in memory, by their hash. This process's own changes are put in as they commit,
 * before their caller is answered; those of other processes when the log tells of them.
 */
@Injectable()
export class KeyRing implements OnModuleInit, OnModuleDestroy {
  private readonly logger = new Logger(KeyRing.name);
  private byHash = new Map<string, KnownKey>();
  private unsubscribe = (): void => undefined;
  private readonly refresher = new Refresher(
    () => this.repository.findUnrevoked(),
    (stored) => (this.byHash = new Map(stored.map((key) => [key.hash, toKnownKey(key)]))),
    (error) => this.logger.error(error, 'keys could not be read anew'),
  );

  constructor(
    private readonly repository: ApiKeysRepository,
    private readonly events: EventBus,
    private readonly clock: Clock,
  ) {}

  async onModuleInit(): Promise<void> {
    this.unsubscribe = this.events.subscribe((events) => this.follow(events));
    await this.refresher.refresh();
  }

  async onModuleDestroy(): Promise<void> {
    this.unsubscribe();
    await this.refresher.close();
  }

  /** The key with this hash; null where none in force has it. */
  find(hash: string): KnownKey | null {
    const key = this.byHash.get(hash);
    return key && this.inForce(key) ? key : null;
  }

  /** Whether the key with this id is still in force; at `peer` too, where one is given. */
  holds(keyId: string, peer?: string): boolean {
    for (const key of this.byHash.values()) {
      if (key.principal.id !== keyId) continue;
      return this.inForce(key) && (peer === undefined || key.networks?.contain(peer) !== false);
    }
    return false;
  }

  put(key: ApiKeyEntity): void {
    this.refresher.noteChange();
    this.byHash.set(key.hash, toKnownKey(key));
  }

  remove(keyId: string): void {
    this.refresher.noteChange();
    for (const [hash, key] of this.byHash) if (key.principal.id === keyId) this.byHash.delete(hash);
  }

  private inForce(key: KnownKey): boolean {
    return key.expiresAt === null || key.expiresAt > this.clock.now();
  }

  private follow(events: readonly RecordedEvent[]): void {
    const changes = events.filter(
      ({ source, operationType }) => source === 'decided' && isKeyChange(operationType),
    );
    if (changes.length === 0) return;
    // A revocation says itself which key it ends: it must not wait for the store, nor fail with it.
    for (const { operationType, targetResource } of changes)
      if (operationType === 'key.revoke' && targetResource !== null) this.remove(targetResource);
    this.refresher.refreshSoon();
  }
}

function isKeyChange(operationType: string): boolean {
  return operationType.startsWith('key.');
}

function toKnownKey({ keyId: id, kind, role, agentId, owner, expiresAt, networks }: ApiKeyEntity): KnownKey {
  return {
    principal: { id, kind, role, agentId, owner },
    expiresAt,
    networks: networks === null ? null : new Networks(networks),
  };
}
