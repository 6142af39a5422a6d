import { Injectable, Logger, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { Clock, EventBus, type Principal, type RecordedEvent } from '#kernel';
import type { ApiKeyEntity } from './api-key.entity.js';
import { ApiKeysRepository } from './api-keys.repository.js';

const RETRY_MS = 1_000;

interface KnownKey {
  readonly principal: Principal;
  /** Milliseconds UTC; null for a key that does not expire. */
  readonly expiresAt: number | null;
}

/**
 * The keys that are not revoked, in memory, by their hash. This process's own changes are put in as they commit,
 * before their caller is answered; those of other processes when the log tells of them.
 */
@Injectable()
export class KeyRing implements OnModuleInit, OnModuleDestroy {
  private readonly logger = new Logger(KeyRing.name);
  private byHash = new Map<string, KnownKey>();
  /** How many changes were heard of; what the store was asked before the newest one is out of date. */
  private changes = 0;
  private reading: Promise<void> | null = null;
  private retry: NodeJS.Timeout | undefined;
  private closed = false;
  private unsubscribe = (): void => undefined;

  constructor(
    private readonly repository: ApiKeysRepository,
    private readonly events: EventBus,
    private readonly clock: Clock,
  ) {}

  async onModuleInit(): Promise<void> {
    this.unsubscribe = this.events.subscribe((events) => this.follow(events));
    await this.reload();
  }

  async onModuleDestroy(): Promise<void> {
    this.closed = true;
    this.unsubscribe();
    clearTimeout(this.retry);
    await this.reading?.catch(() => undefined);
  }

  /** Whose key has this hash; null where none in force has. */
  find(hash: string): Principal | null {
    const key = this.byHash.get(hash);
    return key && this.inForce(key) ? key.principal : null;
  }

  /** Whether the key with this id is still in force. */
  holds(keyId: string): boolean {
    for (const key of this.byHash.values()) if (key.principal.id === keyId) return this.inForce(key);
    return false;
  }

  put(key: ApiKeyEntity): void {
    this.byHash.set(key.hash, toKnownKey(key));
    this.changes += 1;
  }

  remove(keyId: string): void {
    for (const [hash, key] of this.byHash) if (key.principal.id === keyId) this.byHash.delete(hash);
    this.changes += 1;
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
    this.refresh();
  }

  private refresh(): void {
    if (this.closed) return;
    this.reload().catch((error: unknown) => {
      this.logger.error(error, 'keys could not be read anew');
      this.retry ??= setTimeout(() => {
        this.retry = undefined;
        this.refresh();
      }, RETRY_MS).unref();
    });
  }

  private reload(): Promise<void> {
    this.changes += 1;
    return (this.reading ??= this.readAnew().finally(() => (this.reading = null)));
  }

  private async readAnew(): Promise<void> {
    let asked: number;
    do {
      asked = this.changes;
      const stored = await this.repository.findUnrevoked();
      // What was asked for before a change may lack a new key, or still hold one that was just revoked.
      if (asked === this.changes) this.byHash = new Map(stored.map((key) => [key.hash, toKnownKey(key)]));
    } while (asked !== this.changes);
  }
}

function isKeyChange(operationType: string): boolean {
  return operationType.startsWith('key.');
}

function toKnownKey({ keyId: id, kind, role, agentId, expiresAt }: ApiKeyEntity): KnownKey {
  return { principal: { id, kind, role, agentId }, expiresAt };
}
