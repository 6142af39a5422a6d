import { errors, type JWTPayload, jwtVerify } from 'jose';
import type { OidcConfig } from '#config';
import { type Clock, DomainError, LoginFailed, type Principal } from '#kernel';
import { hashKey } from '../new-api-key.js';
import { ROLE_NAMES } from '../policy.js';
import { IssuerKeys } from './issuer-keys.js';

/** Signatures with a private key only: with HMAC, whoever may check a token could make one. */
const ALGORITHMS = ['RS256', 'PS256', 'ES256', 'EdDSA'];
const CLOCK_SKEW_S = 60;
const REMEMBERED_MS = 60_000;
const MAX_REMEMBERED = 1_000;

/** Three parts of base64url, separated by dots (RFC 7515, section 7.1); the last is empty without a signature. */
const JWT = /^[\w-]+\.[\w-]+\.[\w-]*$/;
/** OpenID Connect Core 1.0, section 2: ASCII of up to 255 characters. */
const SUBJECT = /^[\x21-\x7e]{1,255}$/;

interface Remembered {
  readonly principal: Principal;
  /** Milliseconds UTC. */
  readonly until: number;
}

/** Who presents a token of the OpenID provider. Tokens just verified are remembered, by their hash, for a minute. */
export class OidcTokens {
  /** Least recently used first. */
  private readonly remembered = new Map<string, Remembered>();
  /** When the token behind a principal ends, milliseconds UTC. */
  private readonly ends = new WeakMap<Principal, number>();

  /** @param config null where no provider is configured; then no text is a token. */
  constructor(
    private readonly config: OidcConfig | null,
    private readonly clock: Clock,
    private readonly keys: Pick<IssuerKeys, 'find'> | null = config && new IssuerKeys(config.issuer, clock),
  ) {}

  /** Whether the text is to be judged as a token. */
  takes(text: string): boolean {
    return this.config !== null && JWT.test(text);
  }

  /** Who presents the token with this hash; null for one that is to be verified. */
  find(hash: string): Principal | null {
    const found = this.remembered.get(hash);
    if (!found) return null;
    this.remembered.delete(hash);
    if (found.until <= this.clock.now()) return null;
    this.remembered.set(hash, found);
    return found.principal;
  }

  /** Whether the token that the principal presented has not ended. */
  isCurrent(principal: Principal): boolean {
    return (this.ends.get(principal) ?? 0) > this.clock.now();
  }

  /**
   * @throws LoginFailed for a token that is not valid here (RFC 7519, section 7.2) or gives none of the ten roles;
   * DomainError `STORE_UNAVAILABLE` where the issuer's keys cannot be read.
   */
  async verify(token: string): Promise<Principal> {
    const payload = await this.validPayload(token);
    const principal = this.toPrincipal(payload);
    const ends = ((payload.exp ?? 0) + CLOCK_SKEW_S) * 1_000;
    this.ends.set(principal, ends);
    this.remember(hashKey(token), {
      principal,
      until: Math.min(ends, this.clock.now() + REMEMBERED_MS),
    });
    return principal;
  }

  private async validPayload(token: string): Promise<JWTPayload> {
    if (!this.config || !this.keys) throw new LoginFailed('No tokens are taken here.');
    try {
      const { payload } = await jwtVerify(token, this.keys.find, {
        issuer: this.config.issuer,
        audience: this.config.audience,
        algorithms: ALGORITHMS,
        requiredClaims: ['exp', 'sub'],
        clockTolerance: CLOCK_SKEW_S,
        currentDate: new Date(this.clock.now()),
      });
      return payload;
    } catch (error) {
      if (error instanceof DomainError) throw error;
      throw new LoginFailed(`The token is not valid: ${reasonOf(error)}.`);
    }
  }

  private toPrincipal(payload: JWTPayload): Principal {
    // Signed by the issuer and still of any JSON type: a list of one name would pass for the name.
    if (typeof payload.sub !== 'string' || !SUBJECT.test(payload.sub))
      throw new LoginFailed('The token is not valid: its sub is malformed.');
    const claim = this.config?.roleClaim ?? '';
    const given = new Set([payload[claim]].flat());
    const [role, ...others] = ROLE_NAMES.filter((name) => given.has(name));
    if (!role || others.length > 0)
      throw new LoginFailed(
        `The token's claim ${claim} must give one of the roles ${ROLE_NAMES.join(', ')}.`,
      );
    return { id: `oidc:${payload.sub}`, kind: 'human', role, agentId: null };
  }

  private remember(hash: string, verified: Remembered): void {
    this.remembered.set(hash, verified);
    const [oldest] = this.remembered.keys();
    if (this.remembered.size > MAX_REMEMBERED && oldest !== undefined) this.remembered.delete(oldest);
  }
}

/** In words for the one who holds the token; what `jose` says of a malformed one may repeat it. */
function reasonOf(error: unknown): string {
  if (error instanceof errors.JWTExpired) return 'it has expired';
  if (error instanceof errors.JWTClaimValidationFailed) return `its ${error.claim} is missing or not right`;
  if (error instanceof errors.JOSEAlgNotAllowed) return `it must be signed with ${ALGORITHMS.join(', ')}`;
  if (error instanceof errors.JWKSNoMatchingKey) return 'its issuer has no such key';
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'its signature is wrong';
  return 'it is malformed';
}
