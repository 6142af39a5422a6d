import { timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { Inject, Injectable } from '@nestjs/common';
import { CONFIG, type Config } from '#config';
import { AccessDenied, DomainError, LoginFailed, type OperationContext, type Principal } from '#kernel';
import { KeyRing } from './key-ring.js';
import { KeyUsage } from './key-usage.js';
import { hashKey } from './new-api-key.js';
import { OidcTokens } from './oidc/oidc-tokens.js';
import { ACCOUNTABLE, type Permission } from './policy.js';
import { PolicyInForce } from './policy-in-force.js';

/** The one principal of loopback mode. */
export const LOCAL_PRINCIPAL: Principal = { id: 'local', kind: 'anonymous', role: 'admin', agentId: null };

const HOW_TO_LOG_IN = 'Send an API key as `Authorization: Bearer KEY` or `X-API-Key: KEY`.';

/** Tells who is calling and what that principal may do. */
@Injectable()
export class Authenticator {
  private readonly adminHash: Buffer | null;

  constructor(
    @Inject(CONFIG) private readonly config: Pick<Config, 'rbacEnabled' | 'adminApiKey'>,
    private readonly policy: PolicyInForce,
    private readonly keys: KeyRing,
    private readonly usage: KeyUsage,
    private readonly tokens: OidcTokens,
  ) {
    this.adminHash = config.adminApiKey === null ? null : Buffer.from(hashKey(config.adminApiKey));
  }

  /**
   * Who sent these headers, at once for a key; a token may have to be verified first.
   * @param peer the address at the other end of the connection, which no header can change.
   * @throws LoginFailed for credentials that do not hold, or not from there; DomainError `UNAUTHENTICATED` without any,
   * `STORE_UNAVAILABLE` where they cannot be checked. Failures are not counted here: whoever answers does that, once.
   */
  authenticate(headers: IncomingHttpHeaders, peer: string | undefined): Principal | Promise<Principal> {
    return this.recognize(headers, peer) ?? this.tokens.verify(presentedKey(headers) ?? '');
  }

  /** The same without waiting; null for a token that is to be verified. @throws as `authenticate`. */
  recognize(headers: IncomingHttpHeaders, peer: string | undefined): Principal | null {
    if (!this.config.rbacEnabled) return LOCAL_PRINCIPAL;
    const secret = presentedKey(headers);
    if (secret === null) throw new DomainError('UNAUTHENTICATED', HOW_TO_LOG_IN);
    const hash = hashKey(secret);
    if (this.adminHash && timingSafeEqual(this.adminHash, Buffer.from(hash))) return ADMIN_PRINCIPAL;
    // A look-up by digest: what its timing tells about a digest tells nothing about a key.
    const key = this.keys.find(hash);
    if (!key) {
      if (this.tokens.takes(secret)) return this.tokens.find(hash);
      throw new LoginFailed('The API key is unknown, expired or revoked.');
    }
    if (key.networks?.contain(peer) === false) throw new LoginFailed('The API key is not valid from here.');
    this.usage.note(key.principal.id);
    return key.principal;
  }

  /**
   * Still true of a principal that was authenticated earlier, such as a socket's.
   * @param peer where it is now, for a key that is bound to networks; absent where that was checked before.
   */
  stillKnown(principal: Principal, peer?: string): boolean {
    if (!this.config.rbacEnabled || principal === ADMIN_PRINCIPAL) return true;
    return this.keys.holds(principal.id, peer) || this.tokens.isCurrent(principal);
  }

  may(principal: Principal, permission: Permission): boolean {
    if (ACCOUNTABLE.has(permission) && !isAccountable(principal)) return false;
    if (principal.kind === 'agent') return this.policy.current.agentKeyAllows(permission);
    return this.policy.current.roleAllows(principal.role, permission);
  }

  /** @throws AccessDenied */
  authorize(ctx: Pick<OperationContext, 'principal'>, permission: Permission): void {
    if (this.may(ctx.principal, permission)) return;
    if (ctx.principal.kind === 'anonymous' && ACCOUNTABLE.has(permission))
      throw new AccessDenied('This takes a known principal: start with RBAC_ENABLED=true.', 'RBAC_REQUIRED');
    const who = ctx.principal.kind === 'agent' ? "An agent's key" : `The role ${ctx.principal.role}`;
    throw new AccessDenied(`${who} does not hold the permission ${permission}.`);
  }
}

/** Whoever holds `ADMIN_API_KEY`. */
const ADMIN_PRINCIPAL: Principal = { id: 'admin', kind: 'service', role: 'admin', agentId: null };

function isAccountable({ kind, agentId }: Principal): boolean {
  return kind !== 'anonymous' && kind !== 'agent' && agentId === null;
}

/** The key in `Authorization: Bearer` (RFC 6750, section 2.1) or `X-API-Key`; null where there is none. */
function presentedKey(headers: IncomingHttpHeaders): string | null {
  const bearer = /^Bearer +([\x21-\x7e]+)$/i.exec(headers.authorization ?? '')?.[1];
  if (bearer !== undefined) return bearer;
  const header = headers['x-api-key'];
  return typeof header === 'string' && header !== '' ? header : null;
}
