import type { IncomingMessage } from 'node:http';
import { Injectable } from '@nestjs/common';
import { AccessDenials, FailedLogins } from '#audit';
import { AccessDenied, DomainError, LoginFailed, NOBODY, type Principal } from '#kernel';
import { Authenticator, Door } from '#rbac';
import { StreamHub } from './stream-hub.js';
import { StreamTickets } from './stream-tickets.js';

/** Nest's guards do not run for upgrades: here the same code is asked, door first. */
@Injectable()
export class StreamAdmission {
  private readonly principals = new WeakMap<IncomingMessage, Principal>();

  constructor(
    private readonly door: Door,
    private readonly authenticator: Authenticator,
    private readonly denials: AccessDenials,
    private readonly logins: FailedLogins,
    private readonly hub: StreamHub,
    private readonly tickets: StreamTickets,
  ) {}

  /** @throws DomainError `HOST_NOT_ALLOWED`, `ORIGIN_NOT_ALLOWED`, `SHUTTING_DOWN`. */
  enter(request: IncomingMessage): void {
    this.door.admit(request);
    if (this.hub.isDraining()) throw new DomainError('SHUTTING_DOWN', 'The service is shutting down.');
  }

  /** @throws DomainError `UNAUTHENTICATED`; AccessDenied without the permission `stream:read`. */
  async authorize(request: IncomingMessage): Promise<void> {
    const { remoteAddress: peer } = request.socket;
    const ticket = ticketOf(request);
    const principal =
      ticket === null
        ? await this.authenticator.authenticate(request.headers, peer)
        : this.tickets.redeem(ticket, peer);
    this.principals.set(request, principal);
    this.authenticator.authorize({ principal }, 'stream:read');
  }

  /** Who sent the request; undefined for one that was not authenticated. */
  principalOf(request: IncomingMessage): Principal | undefined {
    return this.principals.get(request);
  }

  /**
   * Records a refusal that was decided by permission, and counts a failed login. Those of the door and missing
   * credentials are not recorded, since anyone could fill the log with them.
   * @returns what to answer.
   * @throws StoreUnavailable when it cannot be recorded; the caller must not answer as if it had been.
   */
  async settle(request: IncomingMessage, error: unknown, traceId: string): Promise<unknown> {
    const principal = this.principals.get(request) ?? NOBODY;
    const ctx = { traceId, principal, route: `${request.method} ${pathOf(request)} (upgrade)` };
    const target = withoutTicket(request.url ?? '');
    if (error instanceof LoginFailed)
      return this.logins.count(ctx, error, { target, peer: request.socket.remoteAddress });
    if (principal !== NOBODY && error instanceof AccessDenied)
      await this.denials.record(ctx, { code: error.code, reason: error.message, target });
    return error;
  }
}

/** The path asked for, without a query and without a slash at its end. */
export function pathOf(request: IncomingMessage): string {
  const [path = ''] = (request.url ?? '').split('?', 1);
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
}

/** The query's `ticket`; null where there is none. */
function ticketOf(request: IncomingMessage): string | null {
  const [, query = ''] = (request.url ?? '').split('?', 2);
  return new URLSearchParams(query).get('ticket');
}

/** A ticket is used up by the request that shows it, and still has no place in the log. */
function withoutTicket(url: string): string {
  return url.replaceAll(/([?&]ticket=)[^&]*/g, '$1…');
}
