import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { Clock, EventBus, type OperationContext, toStorable, TransactionRunner } from '#kernel';
import { DecisionsRepository } from './decisions.repository.js';
import { sessionKey } from './session-key.js';

/** Sessions that are remembered without asking the store. */
const REMEMBERED = 10_000;

/**
 * Where the scopes of a session end: its first working directory. Kept in the store, since a later one must not become
 * the root after a restart, nor on another instance.
 */
@Injectable()
export class SessionRoots implements OnModuleInit, OnModuleDestroy {
  private readonly roots = new Map<string, string>();
  private unsubscribe = (): void => undefined;

  constructor(
    private readonly repository: DecisionsRepository,
    private readonly transactions: TransactionRunner,
    private readonly clock: Clock,
    private readonly events: EventBus,
  ) {}

  /** One that was erased, by whatever process, is not to be remembered. */
  onModuleInit(): void {
    this.unsubscribe = this.events.subscribe((events) => {
      const isErased = events.some(
        ({ source, operationType }) => source === 'decided' && operationType === 'audit.erase',
      );
      if (isErased) this.roots.clear();
    });
  }

  onModuleDestroy(): void {
    this.unsubscribe();
  }

  /**
   * @param owner who the session belongs to: one agent cannot set the root of another's.
   * @returns null where neither the session nor this request names a directory.
   */
  async rootOf(
    ctx: OperationContext,
    owner: string,
    sessionId: string | null,
    cwd: string | null,
  ): Promise<string | null> {
    if (sessionId === null) return cwd;
    const key = sessionKey(owner, sessionId);
    const known = this.roots.get(key);
    if (known !== undefined) return known;
    const settled = await this.repository.findRoot(key);
    if (settled !== null) this.remember(key, settled);
    return settled ?? (cwd && this.settle(ctx, key, cwd));
  }

  /** The root that the session has; null for one that has none yet. */
  async known(owner: string, sessionId: string): Promise<string | null> {
    const key = sessionKey(owner, sessionId);
    return this.roots.get(key) ?? this.repository.findRoot(key);
  }

  /** Two requests may be first: the one that commits first is. */
  private settle(ctx: OperationContext, key: string, cwd: string): Promise<string> {
    return this.transactions.run(ctx, async (tx) => {
      const root = await this.repository.settleRoot(tx, key, toStorable(cwd), this.clock.now());
      tx.tx.afterCommit(() => this.remember(key, root));
      return root;
    });
  }

  private remember(key: string, root: string): void {
    this.roots.set(key, root);
    for (const oldest of this.roots.keys()) {
      if (this.roots.size <= REMEMBERED) break;
      this.roots.delete(oldest);
    }
  }
}
