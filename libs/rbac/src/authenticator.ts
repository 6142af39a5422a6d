import { timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { Inject, Injectable } from '@nestjs/common';
import { CONFIG, type Config } from '#config';
import { AccessDenied, DomainError, type OperationContext, type Principal } from '#kernel';
import { hashKey } from './api-keys.service.js';
import { KeyRing } from './key-ring.js';
import type { Permission } from './policy.js';
import { PolicyInForce } from './policy-in-force.js';

/** The one principal of loopback mode. */
export const LOCAL_PRINCIPAL: Principal = { id: 'local', kind: 'anonymous', role: 'admin', agentId: null };

/** Tells who is calling and what that principal may do. */
@Injectable()
export class Authenticator {
  private readonly adminHash: Buffer | null;

  constructor(
    @Inject(CONFIG) private readonly config: Pick<Config, 'rbacEnabled' | 'adminApiKey'>,
    private readonly policy: PolicyInForce,
    private readonly keys: KeyRing,
  ) {
    this.adminHash = config.adminApiKey === null ? null : Buffer.from(hashKey(config.adminApiKey));
  }

  /**
   * Who sent these headers.
   * @param peer the address at the other end of the connection, which no header can change.
   * @throws DomainError `UNAUTHENTICATED` without a key that is in force and valid from there.
   */
  authenticate(headers: IncomingHttpHeaders, peer: string | undefined): Principal {
    if (!this.config.rbacEnabled) return LOCAL_PRINCIPAL;
    const secret = presentedKey(headers);
    if (secret === null)
      throw unauthenticated('Send an API key as `Authorization: Bearer KEY` or `X-API-Key: KEY`.');
    const hash = hashKey(secret);
    if (this.adminHash && timingSafeEqual(this.adminHash, Buffer.from(hash))) return ADMIN_PRINCIPAL;
    // A look-up by digest: what its timing tells about a digest tells nothing about a key.
    const key = this.keys.find(hash);
    if (!key) throw unauthenticated('The API key is unknown, expired or revoked.');
    if (key.networks?.contain(peer) === false) throw unauthenticated('The API key is not valid from here.');
    return key.principal;
  }

  /** Still true of a principal that was authenticated earlier, such as a socket's. */
  stillKnown(principal: Principal): boolean {
    return !this.config.rbacEnabled || principal === ADMIN_PRINCIPAL || this.keys.holds(principal.id);
  }

  may(principal: Principal, permission: Permission): boolean {
    if (principal.kind === 'agent') return this.policy.current.agentKeyAllows(permission);
    return this.policy.current.roleAllows(principal.role, permission);
  }

  /** @throws AccessDenied */
  authorize(ctx: Pick<OperationContext, 'principal'>, permission: Permission): void {
    if (this.may(ctx.principal, permission)) return;
    const who = ctx.principal.kind === 'agent' ? "An agent's key" : `The role ${ctx.principal.role}`;
    throw new AccessDenied(`${who} does not hold the permission ${permission}.`);
  }
}

/** Whoever holds `ADMIN_API_KEY`. */
const ADMIN_PRINCIPAL: Principal = { id: 'admin', kind: 'service', role: 'admin', agentId: null };

/** The key in `Authorization: Bearer` (RFC 6750, section 2.1) or `X-API-Key`; null where there is none. */
function presentedKey(headers: IncomingHttpHeaders): string | null {
  const bearer = /^Bearer +([\x21-\x7e]+)$/i.exec(headers.authorization ?? '')?.[1];
  if (bearer !== undefined) return bearer;
  const header = headers['x-api-key'];
  return typeof header === 'string' && header !== '' ? header : null;
}

function unauthenticated(detail: string): DomainError {
  return new DomainError('UNAUTHENTICATED', detail);
}
