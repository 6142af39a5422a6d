import { Logger } from '@nestjs/common';
import { createRemoteJWKSet, errors, type JWTVerifyGetKey } from 'jose';
import { isSecureUrl } from '#config';
import { type Clock, DomainError } from '#kernel';

const TIMEOUT_MS = 5_000;
/** How long an issuer that could not be asked for its document is left alone. */
const RETRY_MS = 5_000;
/** How often at the most the keys are fetched because a token names one that is not among them. */
const COOLDOWN_MS = 30_000;
/** After this, a key that the issuer has withdrawn counts no more. */
const KEYS_MAX_AGE_MS = 600_000;

/**
 * The signing keys of an OpenID provider: found through its discovery document (OpenID Connect Discovery 1.0,
 * section 4) at the first token, kept, and fetched anew when they are old or a token names an unknown one.
 */
export class IssuerKeys {
  private readonly logger = new Logger(IssuerKeys.name);
  private discovered: Promise<JWTVerifyGetKey> | null = null;
  private retryAt = 0;

  constructor(
    private readonly issuer: string,
    private readonly clock: Clock,
  ) {}

  /** @throws JOSEError for a token that names no key of the issuer; DomainError where the keys cannot be read. */
  readonly find: JWTVerifyGetKey = async (header, token) => {
    try {
      return await (
        await this.discover()
      )(header, token);
    } catch (error) {
      if (isOfToken(error)) throw error;
      this.logger.warn(error, `the keys of ${this.issuer} cannot be read`);
      throw new DomainError(
        'UNAUTHENTICATED',
        "The token cannot be checked: its issuer's keys cannot be read at the moment.",
      );
    }
  };

  private discover(): Promise<JWTVerifyGetKey> {
    if (this.clock.now() < this.retryAt) return Promise.reject(new Error('it was asked in vain just now'));
    return (this.discovered ??= this.readDocument().catch((error: unknown) => {
      this.discovered = null;
      this.retryAt = this.clock.now() + RETRY_MS;
      throw error;
    }));
  }

  private async readDocument(): Promise<JWTVerifyGetKey> {
    const url = `${this.issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
    const answer = await fetch(url, { redirect: 'error', signal: AbortSignal.timeout(TIMEOUT_MS) });
    if (!answer.ok) throw new Error(`${url} is answered ${answer.status}`);
    const { issuer, jwks_uri: keys } = (await answer.json()) as Record<string, unknown>;
    // Section 4.3: a document of another issuer must not speak for this one.
    if (issuer !== this.issuer) throw new Error(`${url} is the document of another issuer`);
    if (typeof keys !== 'string' || !isSecureUrl(keys)) throw new Error(`${url} names no jwks_uri to trust`);
    return createRemoteJWKSet(new URL(keys), {
      timeoutDuration: TIMEOUT_MS,
      cooldownDuration: COOLDOWN_MS,
      cacheMaxAge: KEYS_MAX_AGE_MS,
    });
  }
}

/** Whether the token is at fault and not the issuer. */
function isOfToken(error: unknown): boolean {
  return (
    error instanceof errors.JWKSNoMatchingKey ||
    error instanceof errors.JWKSMultipleMatchingKeys ||
    error instanceof errors.JOSENotSupported
  );
}
