import { createHash } from 'node:crypto';
import { isIPv6 } from 'node:net';
import { Inject, Injectable } from '@nestjs/common';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { CONFIG, type Config } from '#config';
import {
  AgentDirectory,
  AuditTrail,
  type DomainError,
  LIMITS,
  MaskedKinds,
  type LoginFailed,
  NOBODY,
  type OperationContext,
  TooManyRequests,
  TransactionRunner,
} from '#kernel';
import { PolicyInForce } from '#rbac';
import { actorOf } from './actor.js';

const MINUTE_S = 60;
/** From all addresses together: whoever has many of them must not fill the log either. */
const ENTRIES_PER_MINUTE = 100;

export interface Attempt {
  /** The address at the other end of the connection; undefined for one that is gone. */
  readonly peer: string | undefined;
  /** The request target. Its query is not recorded: it may hold what should have been a header. */
  readonly target: string;
}

/**
 * Counts failed logins by where they come from, and records them within bounds. A good key is never asked about:
 * it is found by one look-up, before anything is counted, and works from an address that has to wait, too.
 */
@Injectable()
export class FailedLogins {
  private readonly failures: RateLimiterMemory;
  private readonly entries = new RateLimiterMemory({ points: ENTRIES_PER_MINUTE, duration: MINUTE_S });

  constructor(
    @Inject(CONFIG) config: Pick<Config, 'loginFailuresPerMinute'>,
    private readonly transactions: TransactionRunner,
    private readonly trail: AuditTrail,
    private readonly agents: AgentDirectory,
    private readonly policy: PolicyInForce,
  ) {
    this.failures = new RateLimiterMemory({ points: config.loginFailuresPerMinute, duration: MINUTE_S });
  }

  /**
   * Counts a failure, and records it unless there were too many.
   * @returns what to answer: the failure itself, or TooManyRequests.
   * @throws StoreUnavailable when it cannot be recorded; the caller must not answer as if it had been.
   */
  async count(ctx: OperationContext, failure: LoginFailed, attempt: Attempt): Promise<DomainError> {
    const waitMs = await take(this.failures, bucketOf(attempt.peer));
    if (waitMs > 0) {
      const detail = 'Too many logins from this address have failed; try again later.';
      return new TooManyRequests(detail, Math.ceil(waitMs / 1_000));
    }
    if ((await take(this.entries, 'all')) === 0) await this.record(ctx, failure, attempt);
    return failure;
  }

  private record(ctx: OperationContext, failure: LoginFailed, { peer, target }: Attempt): Promise<unknown> {
    const masked = new MaskedKinds();
    const path = this.policy.current.redactor.text(target.split('?', 1)[0] ?? '', masked);
    return this.transactions.append({ ...ctx, principal: NOBODY }, (tx) =>
      this.trail.record(tx, {
        agent: actorOf(NOBODY, this.agents),
        operationType: 'access.unauthenticated',
        operationDetail: ctx.route,
        targetResource: path.slice(0, LIMITS.textBytes),
        targetType: 'route',
        decision: 'denied',
        reason: failure.message,
        context: JSON.stringify({ code: failure.code, address: peer ?? null, redacted: masked.list }),
        source: 'decided',
        outcome: 'denied',
      }),
    );
  }
}

/** @returns milliseconds to wait; 0 where there is room. */
async function take(limiter: RateLimiterMemory, key: string): Promise<number> {
  try {
    await limiter.consume(key);
    return 0;
  } catch (refusal) {
    if (refusal instanceof RateLimiterRes) return Math.max(refusal.msBeforeNext, 1);
    throw refusal;
  }
}

/** One of 65,536, so that the counts take a bounded space however many addresses there are. */
function bucketOf(peer: string | undefined): string {
  return createHash('sha256')
    .update(sourceOf(peer ?? ''))
    .digest('hex')
    .slice(0, 4);
}

/** An IPv4 address, or the /64 network of an IPv6 one: all of that is one site's to choose from (RFC 6177). */
export function sourceOf(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  if (!isIPv6(address)) return address;
  const [head = '', tail] = address.replace(/%.*$/, '').split('::');
  const [before, after] = [head, tail ?? ''].map((part) => part.split(':').filter((group) => group !== ''));
  const zeros = new Array<string>(8 - (before?.length ?? 0) - (after?.length ?? 0)).fill('0');
  return [...(before ?? []), ...zeros, ...(after ?? [])].slice(0, 4).join(':').toLowerCase();
}
