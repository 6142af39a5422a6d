import type { IncomingMessage } from 'node:http';
import { Injectable } from '@nestjs/common';
import { AccessDenials, AccessReads, FailedLogins } from '#audit';
import { ContractPipe } from '#contract';
import {
  AccessDenied,
  AgentDirectory,
  LoginFailed,
  NOBODY,
  type OperationContext,
  type Principal,
} from '#kernel';
import { Authenticator, Door } from '#rbac';
import { StreamQuery, toFilterRequest } from '../dto/stream.query.js';
import type { StreamPosition } from './encoding.js';
import { toSince } from './stream-commands.js';
import { type StreamFilter, toStreamFilter } from './stream-filter.js';
import { StreamHub } from './stream-hub.js';
import { StreamTickets } from './stream-tickets.js';

/** A subscription that a connection begins with. */
export interface StreamStart {
  readonly filter: StreamFilter;
  readonly since: StreamPosition | null;
}

interface Admitted {
  readonly principal: Principal;
  /** Null for a connection that begins without a subscription. */
  readonly start: StreamStart | null;
}

/** Nest's guards do not run for upgrades: here the same code is asked, door first. */
@Injectable()
export class StreamAdmission {
  private readonly principals = new WeakMap<IncomingMessage, Principal>();
  private readonly starts = new WeakMap<IncomingMessage, StreamStart>();
  private readonly pipe = new ContractPipe();

  constructor(
    private readonly door: Door,
    private readonly authenticator: Authenticator,
    private readonly denials: AccessDenials,
    private readonly logins: FailedLogins,
    private readonly hub: StreamHub,
    private readonly tickets: StreamTickets,
    private readonly agents: AgentDirectory,
    private readonly reads: AccessReads,
  ) {}

  /** @throws DomainError `HOST_NOT_ALLOWED`, `ORIGIN_NOT_ALLOWED`, `SHUTTING_DOWN`. */
  enter(request: IncomingMessage): void {
    this.door.admit(request);
    this.hub.requireOpen();
  }

  /**
   * @throws DomainError `UNAUTHENTICATED`; AccessDenied without the permission `stream:read`, or for another agent's entries;
   * ValidationFailed for a query that cannot be meant.
   */
  async authorize(request: IncomingMessage, traceId: string): Promise<void> {
    const { remoteAddress: peer } = request.socket;
    const query = queryOf(request);
    const ticket = query.get('ticket');
    const principal =
      ticket === null
        ? await this.authenticator.authenticate(request.headers, peer)
        : this.tickets.redeem(ticket, peer);
    this.principals.set(request, principal);
    this.authenticator.authorize({ principal }, 'stream:read');
    const asked = this.pipe.transform(Object.fromEntries(query), { type: 'query', metatype: StreamQuery });
    const start = toStart(asked as StreamQuery, principal, this.agents);
    if (start) this.starts.set(request, start);
    await this.reads.record(contextOf(request, principal, traceId), withoutTicket(request.url ?? ''));
  }

  /** Who sent the request, and what it begins with; undefined for one that was not authenticated. */
  admittedWith(request: IncomingMessage): Admitted | undefined {
    const principal = this.principals.get(request);
    return principal && { principal, start: this.starts.get(request) ?? null };
  }

  /**
   * Records a refusal that was decided by permission, and counts a failed login. Those of the door and missing
   * credentials are not recorded, since anyone could fill the log with them.
   * @returns what to answer.
   * @throws StoreUnavailable when it cannot be recorded; the caller must not answer as if it had been.
   */
  async settle(request: IncomingMessage, error: unknown, traceId: string): Promise<unknown> {
    const principal = this.principals.get(request) ?? NOBODY;
    const ctx = contextOf(request, principal, traceId);
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

function contextOf(request: IncomingMessage, principal: Principal, traceId: string): OperationContext {
  return { traceId, principal, route: `${request.method} ${pathOf(request)} (upgrade)` };
}

function queryOf(request: IncomingMessage): URLSearchParams {
  const [, query = ''] = (request.url ?? '').split('?', 2);
  return new URLSearchParams(query);
}

/** What a query asks to begin with; null for nothing. @throws ValidationFailed, AccessDenied */
export function toStart(
  { start, since, epoch, ...filter }: StreamQuery,
  principal: Principal,
  agents: AgentDirectory,
): StreamStart | null {
  const begin = {
    filter: toStreamFilter(toFilterRequest(filter), principal, agents),
    since: toSince(since, epoch),
  };
  return start === 'none' ? null : begin;
}

/** A ticket is used up by the request that shows it, and still has no place in the log. */
function withoutTicket(url: string): string {
  const begin = url.indexOf('?') + 1;
  if (begin === 0) return url;
  const isTicket = (member: string): boolean => new URLSearchParams(member).has('ticket');
  const members = url.slice(begin).split('&');
  return url.slice(0, begin) + members.map((member) => (isTicket(member) ? 'ticket=…' : member)).join('&');
}
