import { appendFile } from 'node:fs/promises';
import {
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
  type OnModuleInit,
} from '@nestjs/common';
import { CONFIG, type Config } from '#config';
import type { Page, PageOf } from '#contract';
import { Clock, DomainError, type OperationContext, systemContext, TransactionRunner } from '#kernel';
import { LogProofs } from '../merkle/log-proofs.js';
import { type Checkpoint, CheckpointsRepository } from './checkpoints.repository.js';
import { checkpointText, signNote, type TreeHead } from './signed-note.js';
import { SigningKey } from './signing-key.js';

const DAY_MS = 86_400_000;

/** Signs what the log holds: at intervals when there is news, once a day without, at the end, and when it is asked to. */
@Injectable()
export class CheckpointsService implements OnModuleInit, OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(CheckpointsService.name);
  private readonly ctx = systemContext('audit checkpoints');
  private signingKey: SigningKey | null = null;
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<unknown> = Promise.resolve();
  private publishing: Promise<void> = Promise.resolve();

  constructor(
    @Inject(CONFIG)
    private readonly config: Pick<Config, 'auditKeyFile' | 'checkpointIntervalMs' | 'checkpointFile'>,
    private readonly repository: CheckpointsRepository,
    private readonly proofs: LogProofs,
    private readonly transactions: TransactionRunner,
    private readonly clock: Clock,
  ) {}

  async onModuleInit(): Promise<void> {
    this.signingKey = await SigningKey.open(this.config.auditKeyFile);
  }

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => this.tick(), this.config.checkpointIntervalMs).unref();
    this.tick();
  }

  /** Before the writer closes. */
  async onModuleDestroy(): Promise<void> {
    clearInterval(this.timer);
    this.tick();
    await this.running;
    await this.publishing;
  }

  /** The key that signs now. */
  get key(): SigningKey {
    if (!this.signingKey) throw new Error('the signing key is not read yet');
    return this.signingKey;
  }

  /** @throws DomainError before there is one. */
  async newest(): Promise<Checkpoint> {
    const newest = await this.repository.findNewest();
    if (newest) return newest;
    throw new DomainError('CHECKPOINT_NOT_FOUND', 'Nothing was signed yet; POST makes the first checkpoint.');
  }

  list(page: Page): Promise<PageOf<Checkpoint>> {
    return this.repository.findPage(page);
  }

  /** Which log it is, and the public keys that signed it, oldest first. */
  async signedBy(): Promise<{ origin: string; keys: { publicKey: string; firstUsedAt: number }[] }> {
    const [{ origin }, keys] = await Promise.all([this.repository.treeHead(), this.repository.findKeys()]);
    return { origin, keys };
  }

  /**
   * Signs what is committed now, one at a time.
   * @throws DomainError where the log no longer holds what was signed before; StoreUnavailable.
   */
  issue(ctx: OperationContext): Promise<Checkpoint> {
    // Who holds the writer must not wait for others to get it.
    if (ctx.tx) return this.sign(ctx);
    const issued = this.running.then(() => this.sign(ctx));
    this.running = issued.catch(() => undefined);
    return issued;
  }

  private tick(): void {
    this.running = this.running
      .then(async () => {
        if (await this.isDue()) await this.sign(this.ctx);
      })
      .catch((error: unknown) => this.logger.error(error, 'no checkpoint could be made'));
  }

  private async isDue(): Promise<boolean> {
    const [head, newest] = await Promise.all([this.repository.treeHead(), this.repository.findNewest()]);
    return !newest || head.size > newest.size || this.clock.now() - newest.issuedAt >= DAY_MS;
  }

  private async sign(ctx: OperationContext): Promise<Checkpoint> {
    const before = await this.repository.findNewest();
    const head = await this.repository.treeHead();
    if (before) await this.requireConsistent(before, head);
    const { key } = this;
    const signer = { name: head.origin, publicKey: key.publicKey, sign: (text: Buffer) => key.sign(text) };
    const made = {
      ...head,
      note: signNote(checkpointText(head), [signer]),
      issuedAt: this.clock.now(),
    };
    return this.transactions.run(ctx, async (tx) => {
      await this.repository.keepKey(tx, key.publicKey.toString('base64'), made.issuedAt);
      const checkpoint = await this.repository.keep(tx, made);
      tx.tx.afterCommit(() => this.publish(checkpoint));
      return checkpoint;
    });
  }

  private publish({ note }: Checkpoint): void {
    const { checkpointFile } = this.config;
    if (checkpointFile === null) return;
    this.publishing = this.publishing
      .then(() => appendFile(checkpointFile, `${note}\n`, { mode: 0o640 }))
      .catch((error: unknown) =>
        this.logger.error(error, 'a checkpoint could not be written to CHECKPOINT_FILE'),
      );
  }

  /** Nothing is signed that contradicts what was signed before. */
  private async requireConsistent(before: Checkpoint, head: TreeHead): Promise<void> {
    if (before.origin !== head.origin) return;
    const same = head.size >= before.size && (await this.proofs.root(before.size)) === before.root;
    if (same) return;
    throw new DomainError(
      'LOG_CHANGED',
      `The log no longer holds the ${before.size} entries of checkpoint ${before.number} as they were signed.`,
    );
  }
}
