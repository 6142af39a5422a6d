import { Inject, Injectable } from '@nestjs/common';
import { CONFIG, type Config } from '#config';
import type { Page, PageOf } from '#contract';
import {
  AuditTrail,
  Clock,
  DomainError,
  type EventDraft,
  type OperationContext,
  type OperationType,
  TransactionRunner,
} from '#kernel';
import { LogProofs } from '../merkle/log-proofs.js';
import { CheckpointFile } from './checkpoint-file.js';
import { CheckpointPublisher } from './checkpoint-publisher.js';
import { type Checkpoint, CheckpointsRepository, type UsedKey } from './checkpoints.repository.js';
import { checkpointText, signNote, type TreeHead } from './signed-note.js';
import { SigningKey } from './signing-key.js';

/** A change of the key that signs. */
export interface KeyRotation {
  /** Of the log with the entry of the rotation, signed by both. */
  readonly checkpoint: Checkpoint;
  /** Raw public keys, base64. */
  readonly from: string;
  readonly to: string;
}

const SYSTEM = { agentId: 'system', name: 'system', role: 'admin' };

/** Signs what the log holds, and never what contradicts an earlier signature. */
@Injectable()
export class Checkpointer {
  private readonly file: CheckpointFile | null;
  private readonly publisher: CheckpointPublisher;
  /** One signs at a time. */
  private signing: Promise<unknown> = Promise.resolve();

  constructor(
    @Inject(CONFIG)
    private readonly config: Pick<Config, 'auditKeyFile' | 'checkpointFile' | 'checkpointUrl'>,
    private readonly repository: CheckpointsRepository,
    private readonly proofs: LogProofs,
    private readonly trail: AuditTrail,
    private readonly transactions: TransactionRunner,
    private readonly clock: Clock,
  ) {
    this.file = config.checkpointFile === null ? null : new CheckpointFile(config.checkpointFile);
    this.publisher = new CheckpointPublisher(this.file, config.checkpointUrl);
  }

  /** The key that signs now: another process may have changed it. @throws Error for a file that holds none. */
  key(): Promise<SigningKey> {
    return SigningKey.open(this.config.auditKeyFile);
  }

  /** The log as it is committed, and what was signed of it last. */
  async standing(): Promise<{ head: TreeHead; newest: Checkpoint | null }> {
    const [head, newest] = await Promise.all([this.repository.treeHead(), this.repository.findNewest()]);
    return { head, newest };
  }

  /** @throws DomainError before there is one. */
  async newest(): Promise<Checkpoint> {
    const newest = await this.repository.findNewest();
    if (newest) return newest;
    throw new DomainError('CHECKPOINT_NOT_FOUND', 'Nothing was signed yet; POST makes the first checkpoint.');
  }

  /** Of this log when it had that size; null where none was made. */
  async ofSize(size: number): Promise<Checkpoint | null> {
    const { origin } = await this.repository.treeHead();
    return this.repository.findOfSize(origin, size);
  }

  list(page: Page): Promise<PageOf<Checkpoint>> {
    return this.repository.findPage(page);
  }

  /** Which log it is, the key that signs it, and all that have signed it, oldest first. */
  async signedBy(): Promise<{ origin: string; key: SigningKey; used: readonly UsedKey[] }> {
    const [{ origin }, key, used] = await Promise.all([
      this.repository.treeHead(),
      this.key(),
      this.repository.findKeys(),
    ]);
    return { origin, key, used };
  }

  /**
   * Signs what is committed now.
   * @throws DomainError where the log no longer holds what was signed before; StoreUnavailable.
   */
  issue(ctx: OperationContext): Promise<Checkpoint> {
    return this.inTurn(ctx, async () => this.sign(ctx, [await this.key()]));
  }

  /** The newest where it is of all that the log holds, else a new one. @throws as `issue`. */
  async current(ctx: OperationContext): Promise<Checkpoint> {
    const { head, newest } = await this.standing();
    return newest?.origin === head.origin && newest.size === head.size ? newest : this.issue(ctx);
  }

  /**
   * Makes a new key. The entry that says so is in a checkpoint that both keys have signed; then the old one is gone.
   * @throws DomainError where the log no longer holds what was signed before; StoreUnavailable.
   */
  rotate(ctx: OperationContext): Promise<KeyRotation> {
    return this.inTurn(ctx, async () => {
      const old = await this.key();
      const next = await SigningKey.open(nextOf(this.config.auditKeyFile));
      const [from, to] = [old.publicKey.toString('base64'), next.publicKey.toString('base64')];
      await this.transactions.append(ctx, (tx) =>
        this.trail.record(tx, entryOf('audit.key_rotate', { old_public_key: from, new_public_key: to })),
      );
      const checkpoint = await this.sign(ctx, [old, next]);
      await SigningKey.replace(this.config.auditKeyFile, nextOf(this.config.auditKeyFile));
      return { checkpoint, from, to };
    });
  }

  /**
   * Where the store does not hold what was signed last, such as after an older copy was put back, it is another log from
   * here on, and its first new entry names the old checkpoint.
   * @returns the checkpoint that it does not hold; null where it does.
   */
  async leaveForeignLog(ctx: OperationContext): Promise<TreeHead | null> {
    const held = await this.newestInFile();
    if (!held || (await this.holds(held, await this.repository.treeHead()))) return null;
    await this.transactions.run(ctx, async (tx) => {
      await this.repository.beginNewLog(tx);
      this.trail.record(tx, entryOf('audit.log_begin', { checkpoint_not_held: held.note }));
    });
    return held;
  }

  /** Resolves when what was signed is outside, or has failed to be. */
  async published(): Promise<void> {
    await this.publisher.close();
  }

  private inTurn<T>(ctx: OperationContext, work: () => Promise<T>): Promise<T> {
    // Who holds the writer must not wait for others to get it.
    if (ctx.tx) return work();
    const turn = this.signing.then(work);
    this.signing = turn.catch(() => undefined);
    return turn;
  }

  private async sign(ctx: OperationContext, keys: readonly SigningKey[]): Promise<Checkpoint> {
    const { head, newest } = await this.standing();
    for (const before of [newest, await this.newestInFile()]) {
      if (before && !(await this.holds(before, head))) throw logChanged(before);
    }
    const note = signNote(
      checkpointText(head),
      keys.map((key) => ({ name: head.origin, publicKey: key.publicKey, sign: (text) => key.sign(text) })),
    );
    const made = { ...head, note, issuedAt: this.clock.now() };
    return this.transactions.run(ctx, async (tx) => {
      for (const key of keys)
        await this.repository.keepKey(tx, key.publicKey.toString('base64'), made.issuedAt);
      const checkpoint = await this.repository.keep(tx, made);
      tx.tx.afterCommit(() => this.publisher.publish(checkpoint.note));
      return checkpoint;
    });
  }

  /** What `CHECKPOINT_FILE` holds of this log, by a key that is known to sign it. */
  private async newestInFile(): Promise<(TreeHead & { readonly note: string }) | null> {
    if (!this.file) return null;
    const { origin, key, used } = await this.signedBy();
    const known = [key.publicKey, ...used.map(({ publicKey }) => Buffer.from(publicKey, 'base64'))];
    return this.file.newest(known.map((publicKey) => ({ name: origin, publicKey })));
  }

  /** Whether the log of `head` begins with what was signed; what another log was signed for says nothing of it. */
  private async holds(before: TreeHead, head: TreeHead): Promise<boolean> {
    if (before.origin !== head.origin || before.size === 0) return true;
    return head.size >= before.size && (await this.proofs.root(before.size)) === before.root;
  }
}

const nextOf = (file: string): string => `${file}.next`;

function entryOf(operationType: OperationType, context: Readonly<Record<string, unknown>>): EventDraft {
  return {
    agent: SYSTEM,
    operationType,
    decision: 'allowed',
    source: 'decided',
    context: JSON.stringify(context),
  };
}

function logChanged({ size }: TreeHead): DomainError {
  return new DomainError(
    'LOG_CHANGED',
    `The log no longer holds the ${size} entries that were signed before.`,
  );
}
