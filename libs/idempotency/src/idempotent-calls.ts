import { Injectable } from '@nestjs/common';
import {
  Clock,
  DomainError,
  type OperationContext,
  RecordedRefusal,
  type TransactionContext,
  TransactionRunner,
} from '#kernel';
import { type AnswerPlace, AnswersRepository, type StoredAnswer } from './answers.repository.js';
import { KEPT_MS, scopeOf } from './scope.js';

const RETRY_AFTER_S = 1;

/** A call that its sender may repeat. */
export interface RepeatableCall {
  readonly key: string;
  /** Over all that makes two calls the same. */
  readonly fingerprint: string;
  /** Its answer is shown once. */
  readonly secret: boolean;
}

export interface CallAnswer {
  readonly status: number;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/** The first answer or a repetition of it. */
export interface FoundAnswer extends CallAnswer {
  readonly replayed: boolean;
}

/** Carries calls out once: what they do and the record of their answer commit together. */
@Injectable()
export class IdempotentCalls {
  private readonly running = new Set<string>();

  constructor(
    private readonly answers: AnswersRepository,
    private readonly transactions: TransactionRunner,
    private readonly clock: Clock,
  ) {}

  /**
   * Carries `call` out in one unit of work, unless it was within 24 h. An error leaves no record.
   * @param carryOut may be run twice, as all work of a unit.
   * @throws DomainError `IDEMPOTENCY_KEY_REUSED`, `IDEMPOTENCY_KEY_IN_USE`, `ANSWER_NOT_REPEATED`; what `carryOut` throws.
   */
  async once(
    ctx: OperationContext,
    call: RepeatableCall,
    carryOut: (ctx: TransactionContext) => Promise<CallAnswer>,
  ): Promise<FoundAnswer> {
    const place = { principal: scopeOf(ctx.principal), route: ctx.route ?? '', key: call.key };
    const found = await this.find(ctx, place, call);
    if (found) return found;
    const name = JSON.stringify(place);
    if (this.running.has(name)) throw new KeyInUse();
    this.running.add(name);
    try {
      const outcome = await this.transactions.run(ctx, (tx) => this.onceWithin(tx, place, call, carryOut));
      if (outcome instanceof RecordedRefusal) throw outcome;
      return outcome;
    } finally {
      this.running.delete(name);
    }
  }

  private async onceWithin(
    tx: TransactionContext,
    place: AnswerPlace,
    call: RepeatableCall,
    carryOut: (ctx: TransactionContext) => Promise<CallAnswer>,
  ): Promise<FoundAnswer | RecordedRefusal> {
    // Another instance may have been first: all that it wrote is seen now.
    const found = await this.find(tx, place, call);
    if (found) return found;
    try {
      const answer = await carryOut(tx);
      await this.answers.put(tx, place, toStored(call, answer), this.clock.now());
      return { ...answer, replayed: false };
    } catch (error) {
      if (error instanceof RecordedRefusal) return error;
      throw error;
    }
  }

  private async find(
    ctx: OperationContext,
    place: AnswerPlace,
    call: RepeatableCall,
  ): Promise<FoundAnswer | null> {
    const stored = await this.answers.find(ctx, place, this.clock.now() - KEPT_MS);
    if (!stored) return null;
    if (stored.fingerprint !== call.fingerprint)
      throw new DomainError('IDEMPOTENCY_KEY_REUSED', 'The Idempotency-Key was used for another request.');
    if (stored.body === null)
      throw new DomainError(
        'ANSWER_NOT_REPEATED',
        'It was carried out; its answer held a secret, or texts that were erased.',
      );
    const { status, headers } = stored;
    return { status, headers, body: JSON.parse(stored.body) as unknown, replayed: true };
  }
}

function toStored(
  { fingerprint, secret }: RepeatableCall,
  { status, headers, body }: CallAnswer,
): StoredAnswer {
  return { fingerprint, status, headers, body: secret ? null : JSON.stringify(body) };
}

/** The first call of the key has not been answered yet. */
class KeyInUse extends DomainError {
  override readonly retryAfterS = RETRY_AFTER_S;

  constructor() {
    super('IDEMPOTENCY_KEY_IN_USE', 'A request with this Idempotency-Key is being carried out.');
  }
}
