import { timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { Inject, Injectable, Logger, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { CONFIG, type Config } from '#config';
import { AccessDenied, Clock, DomainError, EventBus, type OperationContext, type Principal } from '#kernel';
import type { ApiKeyEntity } from './api-key.entity.js';
import { ApiKeysRepository } from './api-keys.repository.js';
import { hashKey } from './api-keys.service.js';
import { type Permission, Policy } from './policy.js';

/** The one principal of loopback mode. */
export const LOCAL_PRINCIPAL: Principal = { id: 'local', kind: 'anonymous', role: 'admin', agentId: null };

interface KnownKey {
  readonly principal: Principal;
  readonly expiresAt: number | null;
}

/**
 * Tells who is calling and what that principal may do. Keys are held in memory by their hash and read anew when
 * the log says that one changed, in this process or another.
 */
@Injectable()
export class Authenticator implements OnModuleInit, OnModuleDestroy {
  private readonly logger = new Logger(Authenticator.name);
  private keys = new Map<string, KnownKey>();
  private readonly adminHash: Buffer | null;
  private unsubscribe = (): void => undefined;

  constructor(
    @Inject(CONFIG) private readonly config: Pick<Config, 'rbacEnabled' | 'adminApiKey'>,
    private readonly policy: Policy,
    private readonly repository: ApiKeysRepository,
    private readonly events: EventBus,
    private readonly clock: Clock,
  ) {
    this.adminHash = config.adminApiKey === null ? null : Buffer.from(hashKey(config.adminApiKey));
  }

  async onModuleInit(): Promise<void> {
    this.unsubscribe = this.events.subscribe((events) => {
      if (events.some((event) => event.operationType.startsWith('key.') && event.source === 'decided')) {
        this.reload().catch((error: unknown) => this.logger.error(error, 'keys could not be read anew'));
      }
    });
    await this.reload();
  }

  onModuleDestroy(): void {
    this.unsubscribe();
  }

  /**
   * Who sent these headers.
   * @throws DomainError `UNAUTHENTICATED` without a key in force.
   */
  authenticate(headers: IncomingHttpHeaders): Principal {
    if (!this.config.rbacEnabled) return LOCAL_PRINCIPAL;
    const secret = presentedKey(headers);
    if (secret === null)
      throw unauthenticated('Send an API key as `Authorization: Bearer KEY` or `X-API-Key: KEY`.');
    const hash = hashKey(secret);
    if (this.adminHash && timingSafeEqual(this.adminHash, Buffer.from(hash))) return ADMIN_PRINCIPAL;
    // A look-up by digest: what its timing tells about a digest tells nothing about a key.
    const known = this.keys.get(hash);
    if (!known || !this.inForce(known)) throw unauthenticated('The API key is unknown, expired or revoked.');
    return known.principal;
  }

  /** Still true of a principal that was authenticated earlier, such as a socket's. */
  stillKnown(principal: Principal): boolean {
    if (!this.config.rbacEnabled || principal === ADMIN_PRINCIPAL) return true;
    for (const key of this.keys.values()) if (key.principal.id === principal.id) return this.inForce(key);
    return false;
  }

  may(principal: Principal, permission: Permission): boolean {
    if (principal.kind === 'agent') return this.policy.agentKeyAllows(permission);
    return this.policy.roleAllows(principal.role, permission);
  }

  /** @throws AccessDenied */
  authorize(ctx: Pick<OperationContext, 'principal'>, permission: Permission): void {
    if (this.may(ctx.principal, permission)) return;
    const who = ctx.principal.kind === 'agent' ? "An agent's key" : `The role ${ctx.principal.role}`;
    throw new AccessDenied(`${who} does not hold the permission ${permission}.`);
  }

  private inForce(key: KnownKey): boolean {
    return key.expiresAt === null || key.expiresAt > this.clock.now();
  }

  private async reload(): Promise<void> {
    const stored = await this.repository.findUnrevoked();
    this.keys = new Map(stored.map((key) => [key.hash, toKnownKey(key)]));
  }
}

/** Whoever holds `ADMIN_API_KEY`. */
const ADMIN_PRINCIPAL: Principal = { id: 'admin', kind: 'service', role: 'admin', agentId: null };

function toKnownKey(key: ApiKeyEntity): KnownKey {
  const { keyId: id, kind, role, agentId, expiresAt } = key;
  return { principal: { id, kind, role, agentId }, expiresAt };
}

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
