import { Logger } from '@nestjs/common';
import { createRemoteJWKSet, customFetch, errors, type JWTVerifyGetKey } from 'jose';
import { isSecureUrl } from '#config';
import { type Clock, DomainError } from '#kernel';

const TIMEOUT_MS = 5_000;
/** How long an issuer that could not be asked is left alone. */
const RETRY_MS = 5_000;
/** How often at the most the keys are fetched because a token names one that is not among them. */
const COOLDOWN_MS = 30_000;
/** After this, document and keys are read anew: a key that the issuer has withdrawn counts no more. */
const KEYS_MAX_AGE_MS = 600_000;

type KeySet = ReturnType<typeof createRemoteJWKSet>;

/**
 * The signing keys of an OpenID provider: found through its discovery document (OpenID Connect Discovery 1.0,
 * section 4) at the first token, kept, and fetched anew when they are old or a token names an unknown one. While the
 * issuer is away the kept ones count until they are old.
 */
export class IssuerKeys {
  private readonly logger = new Logger(IssuerKeys.name);
  private keySet: KeySet | null = null;
  private discovery: Promise<KeySet> | null = null;
  /** Milliseconds UTC. */
  private failedAt = -Infinity;

  constructor(
    private readonly issuer: string,
    private readonly clock: Clock,
  ) {}

  /**
   * @throws JOSEError for a token that names no key of the issuer; DomainError `STORE_UNAVAILABLE` where the keys
   * cannot be read, which says nothing about the token.
   */
  readonly find: JWTVerifyGetKey = async (header, token) => {
    try {
      return await (
        await this.current()
      )(header, token);
    } catch (error) {
      if (isOfToken(error)) throw error;
      this.noteFailure(error);
      throw new DomainError(
        'STORE_UNAVAILABLE',
        "The token cannot be checked: its issuer's keys cannot be read at the moment; try again.",
      );
    }
  };

  private async current(): Promise<KeySet> {
    if (this.keySet?.fresh) return this.keySet;
    return (this.discovery ??= this.discover().finally(() => (this.discovery = null)));
  }

  private async discover(): Promise<KeySet> {
    const url = `${this.issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
    const answer = await this.ask(url, { redirect: 'error', signal: AbortSignal.timeout(TIMEOUT_MS) });
    if (!answer.ok) throw new Error(`${url} is answered ${answer.status}`);
    const { issuer, jwks_uri: keys } = (await answer.json()) as Record<string, unknown>;
    // Section 4.3: a document of another issuer must not speak for this one.
    if (issuer !== this.issuer) throw new Error(`${url} is the document of another issuer`);
    if (typeof keys !== 'string' || !this.mayKeepKeysAt(keys))
      throw new Error(`${url} names no jwks_uri to trust`);
    const keySet = createRemoteJWKSet(new URL(keys), {
      timeoutDuration: TIMEOUT_MS,
      cooldownDuration: COOLDOWN_MS,
      cacheMaxAge: KEYS_MAX_AGE_MS,
      [customFetch]: this.ask,
    });
    await keySet.reload();
    return (this.keySet = keySet);
  }

  /** Plain http is for an issuer on this machine: one that is elsewhere must not point at what listens here. */
  private mayKeepKeysAt(url: string): boolean {
    return isSecureUrl(url) && (new URL(url).protocol === 'https:' || !this.issuer.startsWith('https:'));
  }

  private readonly ask = (url: string, how: RequestInit): Promise<Response> =>
    this.isLeftAlone() ? Promise.reject(new Error('it was asked in vain just now')) : fetch(url, how);

  /** A clock that was set back does not make it longer. */
  private isLeftAlone(): boolean {
    return Math.abs(this.clock.now() - this.failedAt) < RETRY_MS;
  }

  /** Once for each time that it is left alone, however many tokens come meanwhile. */
  private noteFailure(error: unknown): void {
    if (this.isLeftAlone()) return;
    this.failedAt = this.clock.now();
    this.logger.warn(error, `the keys of ${this.issuer} cannot be read`);
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
