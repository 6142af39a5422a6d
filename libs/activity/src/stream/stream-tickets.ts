import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Clock, LoginFailed, type Principal, TooManyRequests } from '#kernel';
import { Authenticator, hashKey } from '#rbac';

/** How long a ticket can be used, ms. */
export const TICKET_MS = 30_000;
/** How many unused ones a principal may hold. */
const TICKETS_EACH = 64;
const TICKET_BYTES = 32;

export interface StreamTicket {
  /** `art_` and 256 random bits, base64url. */
  readonly secret: string;
  /** Milliseconds UTC. */
  readonly expiresAt: number;
}

interface Issued {
  readonly principal: Principal;
  readonly expiresAt: number;
}

/**
 * Single-use passes for sockets of browsers, which can send no header with an upgrade. A ticket stands for whoever
 * asked for it, in this process alone, and only its SHA-256 is kept.
 */
@Injectable()
export class StreamTickets {
  /** By hash, in the order they were issued, which is that of their ends. */
  private readonly issued = new Map<string, Issued>();
  private readonly held = new Map<string, number>();

  constructor(
    private readonly authenticator: Authenticator,
    private readonly clock: Clock,
  ) {}

  /** @throws TooManyRequests when the principal holds 64 unused tickets. */
  issue(principal: Principal): StreamTicket {
    const now = this.clock.now();
    this.forgetExpired(now);
    const held = this.held.get(principal.id) ?? 0;
    if (held >= TICKETS_EACH)
      throw new TooManyRequests('Too many tickets are waiting to be used.', TICKET_MS / 1_000);
    const secret = `art_${randomBytes(TICKET_BYTES).toString('base64url')}`;
    const expiresAt = now + TICKET_MS;
    this.issued.set(hashKey(secret), { principal, expiresAt });
    this.held.set(principal.id, held + 1);
    return { secret, expiresAt };
  }

  /**
   * Who asked for the ticket, which is used up.
   * @param peer the address at the other end of the connection.
   * @throws LoginFailed for a ticket that is unknown, used or expired, or whose principal is no longer known there.
   */
  redeem(secret: string, peer: string | undefined): Principal {
    const hash = hashKey(secret);
    const ticket = this.issued.get(hash);
    if (ticket) this.forget(hash, ticket);
    if (!ticket || ticket.expiresAt <= this.clock.now())
      throw new LoginFailed('The ticket is unknown, used or expired.');
    if (!this.authenticator.stillKnown(ticket.principal, peer))
      throw new LoginFailed('The key that the ticket was made with is not valid, or not from here.');
    return ticket.principal;
  }

  private forgetExpired(now: number): void {
    for (const [hash, ticket] of this.issued) {
      if (ticket.expiresAt > now) break;
      this.forget(hash, ticket);
    }
  }

  private forget(hash: string, { principal: { id } }: Issued): void {
    this.issued.delete(hash);
    const held = (this.held.get(id) ?? 1) - 1;
    if (held > 0) this.held.set(id, held);
    else this.held.delete(id);
  }
}
