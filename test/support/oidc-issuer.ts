import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from 'jose';

export const AUDIENCE = 'agent-reality-map';

/** What a token is made of, where it is not the default. */
export interface TokenChanges {
  readonly claims?: JWTPayload;
  /** Claims that are left out. */
  readonly without?: readonly string[];
  /** Seconds UTC. */
  readonly now?: number;
  readonly kid?: string;
}

/** An OpenID provider on the loopback address: its discovery document, its keys, and tokens that it signs. */
export class OidcIssuer {
  private kid = '';
  private privateKey: CryptoKey | undefined;
  private keys: JWK[] = [];
  /** What each document is asked for, by its path. */
  readonly asked: string[] = [];
  /** Answers 500 while it is. */
  down = false;
  /** Members of the discovery document that differ. */
  lies: Record<string, unknown> = {};

  private constructor(private readonly server: Server) {}

  static async start(algorithm = 'RS256'): Promise<OidcIssuer> {
    const server = createServer((request, response) => {
      const path = request.url ?? '';
      issuer.asked.push(path);
      const document = issuer.documents()[path];
      response.writeHead(issuer.down ? 500 : document ? 200 : 404, { 'content-type': 'application/json' });
      response.end(JSON.stringify(issuer.down ? {} : (document ?? {})));
    });
    const issuer: OidcIssuer = new OidcIssuer(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    await issuer.rotate(algorithm);
    return issuer;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/realm`;
  }

  /** The environment of a service that takes its tokens. */
  get environment(): Record<string, string> {
    return { RBAC_ENABLED: 'true', OIDC_ISSUER: this.url, OIDC_AUDIENCE: AUDIENCE };
  }

  /** Signs with a new key from now on, and shows no other. */
  async rotate(algorithm = 'RS256'): Promise<void> {
    const { publicKey, privateKey } = await generateKeyPair(algorithm, { extractable: true });
    this.kid = `key-${Math.random()}`;
    this.privateKey = privateKey;
    this.keys = [{ ...(await exportJWK(publicKey)), kid: this.kid, alg: algorithm, use: 'sig' }];
  }

  /** The key that it shows. */
  get publicJwk(): JWK {
    return this.keys[0]!;
  }

  /** Ten minutes of the role `analyst` for `ada`, unless told otherwise. */
  async token(changes: TokenChanges = {}): Promise<string> {
    const { alg = '' } = this.publicJwk;
    return new SignJWT(this.payload(changes))
      .setProtectedHeader({ alg, kid: changes.kid ?? this.kid, typ: 'JWT' })
      .sign(this.privateKey!);
  }

  payload({ claims = {}, without = [], now = Math.floor(Date.now() / 1000) }: TokenChanges = {}): JWTPayload {
    const standard = { iss: this.url, aud: AUDIENCE, sub: 'ada', role: 'analyst', iat: now, exp: now + 600 };
    const payload: JWTPayload = { ...standard, ...claims };
    return Object.fromEntries(Object.entries(payload).filter(([name]) => !without.includes(name)));
  }

  stop(): Promise<void> {
    this.server.closeAllConnections();
    return new Promise((resolve) => this.server.close(() => resolve()));
  }

  private documents(): Record<string, unknown> {
    return {
      '/realm/.well-known/openid-configuration': {
        issuer: this.url,
        jwks_uri: `${this.url}/keys`,
        ...this.lies,
      },
      '/realm/keys': { keys: this.keys },
    };
  }
}
