import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { type CryptoKey, exportSPKI, importJWK, type JWTPayload, SignJWT, UnsecuredJWT } from 'jose';
import { Clock } from '#kernel';
import { expectProblem, newestEntries } from '../support/answers.js';
import { OidcIssuer } from '../support/oidc-issuer.js';
import { sendUpgrade } from '../support/raw-http.js';
import { ADMIN_KEY, type Answer, TestService } from '../support/service.js';
import { StreamListener } from '../../libs/activity/test/stream-listener.js';

const SECOND_MS = 1_000;
const CHARGE = { tokens_used: 1, cost_usd: 0 };
const bearer = (token: string) => ({ key: '', headers: { authorization: `Bearer ${token}` } });

describe('a token of the OpenID provider', () => {
  let issuer: OidcIssuer;
  let service: TestService;
  beforeAll(async () => {
    issuer = await OidcIssuer.start();
    service = await TestService.start(issuer.environment);
  });
  afterEach(() => void jest.restoreAllMocks());
  afterAll(async () => {
    await service.remove();
    await issuer.stop();
  });

  const get = (token: string, of = service): Promise<Answer> =>
    of.request('GET', '/events/audit?limit=1', undefined, bearer(token));
  const nowS = () => Math.floor(Date.now() / SECOND_MS);

  it('stands for a human of the role that it gives', async () => {
    const token = await issuer.token();
    expect((await get(token)).status).toBe(200);
    expectProblem(await service.request('GET', '/keys', undefined, bearer(token)), 403, 'FORBIDDEN');
    const [entry] = await newestEntries(service);
    expect(entry).toMatchObject({
      operation: { type: 'access.denied' },
      principal: { id: 'oidc:ada', kind: 'human', role: 'analyst' },
      agent: { agent_id: 'system' },
    });
  });

  it('is taken on every way in: routed, in front of the router, and by upgrade', async () => {
    const token = await issuer.token({ claims: { sub: 'ways' } });
    for (let i = 0; i < 2; i += 1) {
      expect((await get(token)).status).toBe(200);
      expect((await service.request('POST', '/budget/deduct', CHARGE, bearer(token))).status).toBe(201);
      const [entry] = await newestEntries(service);
      expect(entry.principal).toEqual({ id: 'oidc:ways', kind: 'human', role: 'analyst' });
      const headers: [string, string][] = [['Host', '127.0.0.1']];
      const upgrade = { target: '/ws', headers: [...headers, ['Authorization', `Bearer ${token}`]] };
      expect((await sendUpgrade(service.service.port, upgrade as never)).status).toBe(101);
    }
  });

  it('may make keys as an admin', async () => {
    const token = await issuer.token({ claims: { role: 'admin', sub: 'root' } });
    const body = { name: 'by ada', kind: 'service', role: 'tester' };
    const answer = await service.request('POST', '/keys', body, bearer(token));
    expect([answer.status, answer.body.created_by]).toEqual([201, 'oidc:root']);
  });

  it.each<[what: string, claims: JWTPayload]>([
    ['a list of audiences', { aud: ['other', 'agent-reality-map'] }],
    ['a list with one of the roles', { role: ['staff', 'analyst'] }],
    ['an expiry within the skew', { exp: nowS() - 50 }],
    ['a beginning within the skew', { nbf: nowS() + 50 }],
  ])('may have %s', async (_what, claims) => {
    expect((await get(await issuer.token({ claims }))).status).toBe(200);
  });

  it.each<[what: string, claims: JWTPayload, detail: RegExp]>([
    ['another issuer', { iss: 'https://evil.test' }, /its iss/],
    ['another audience', { aud: 'other' }, /its aud/],
    ['an expiry beyond the skew', { exp: nowS() - 70 }, /expired/],
    ['a beginning beyond the skew', { nbf: nowS() + 120 }, /its nbf/],
    ['no role', { role: undefined }, /claim role must give one of the roles/],
    ['a role that is none of the ten', { role: 'root' }, /claim role/],
    ['a role of an object', { role: '__proto__' }, /claim role/],
    ['two roles', { role: ['admin', 'analyst'] }, /claim role/],
    ['a subject of blanks', { sub: 'a b' }, /sub/],
    ['no text as subject', { sub: '' }, /sub/],
    ['a list as subject', { sub: ['ada'] as never }, /sub/],
    ['a number as subject', { sub: 7 as never }, /sub/],
    ['an endless expiry', { exp: '9' as never }, /its exp/],
  ])('is refused with %s', async (_what, claims, detail) => {
    const answer = await get(await issuer.token({ claims }));
    expectProblem(answer, 401, 'UNAUTHENTICATED');
    expect(answer.body.detail).toMatch(detail);
    expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer/);
  });

  it.each(['exp', 'sub', 'iss', 'aud'])('is refused without %s', async (claim) => {
    expectProblem(await get(await issuer.token({ without: [claim] })), 401, 'UNAUTHENTICATED');
  });

  it('is refused without a signature, or with one that whoever knows the public key can make', async () => {
    const { kid = '' } = issuer.publicJwk;
    const pem = await exportSPKI(
      (await importJWK(issuer.publicJwk, 'RS256', { extractable: true })) as CryptoKey,
    );
    const forged = new SignJWT(issuer.payload()).setProtectedHeader({ alg: 'HS256', kid });
    const good = await issuer.token();
    const [header = '', , signature = ''] = good.split('.');
    const payload = Buffer.from(JSON.stringify(issuer.payload({ claims: { role: 'admin' } }))).toString(
      'base64url',
    );
    for (const token of [
      new UnsecuredJWT(issuer.payload()).encode(),
      await forged.sign(Buffer.from(pem)),
      `${header}.${payload}.${signature}`,
      good.slice(0, -8),
      'a.b.c',
      '..',
    ]) {
      expectProblem(await get(token), 401, 'UNAUTHENTICATED');
    }
  });

  it('leaves an entry where it is refused, which does not hold it', async () => {
    const token = await issuer.token({ claims: { aud: 'other' } });
    await get(token);
    const [entry] = await newestEntries(service);
    expect(entry).toMatchObject({
      operation: { type: 'access.unauthenticated' },
      principal: { id: 'nobody' },
    });
    expect(JSON.stringify(entry)).not.toContain(token.split('.')[2]);
  });

  it('is not taken any more when it has expired, however lately it was verified', async () => {
    const token = await issuer.token({ claims: { exp: nowS() + 30, sub: 'brief' } });
    expect((await get(token)).status).toBe(200);
    jest.spyOn(service.get(Clock), 'now').mockReturnValue(Date.now() + 91 * SECOND_MS);
    expectProblem(await get(token), 401, 'UNAUTHENTICATED');
  });

  it('ends its socket when it expires', async () => {
    const token = await issuer.token({ claims: { exp: nowS() + 30, sub: 'socket' } });
    const url = `${service.origin.replace('http', 'ws')}/ws`;
    const ends = await StreamListener.connect(url, { headers: { authorization: `Bearer ${token}` } });
    const stays = await StreamListener.connect(url, { headers: { 'x-api-key': ADMIN_KEY } });
    jest.spyOn(service.get(Clock), 'now').mockReturnValue(Date.now() + 91 * SECOND_MS);
    expect((await ends.closed).code).toBe(1008);
    expect(stays.ws.readyState).toBe(stays.ws.OPEN);
    stays.ws.terminate();
  });

  it('works beside keys, which ask the issuer nothing', async () => {
    const before = issuer.asked.length;
    expect((await service.request('GET', '/agents')).status).toBe(200);
    expectProblem(
      await service.request('GET', '/agents', undefined, { key: 'arm_unknown' }),
      401,
      'UNAUTHENTICATED',
    );
    expect(issuer.asked).toHaveLength(before);
  });
});

describe('the OpenID provider', () => {
  let issuer: OidcIssuer;
  let service: TestService;
  beforeEach(async () => {
    issuer = await OidcIssuer.start();
    service = await TestService.start(issuer.environment);
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    await service.remove();
    await issuer.stop();
  });

  const get = async (token: string): Promise<Answer> =>
    service.request('GET', '/agents', undefined, bearer(token));
  const later = (ms: number): void => {
    const now = Date.now() + ms;
    jest.spyOn(Date, 'now').mockReturnValue(now);
  };

  it('is asked for its document and its keys once', async () => {
    for (let i = 0; i < 5; i += 1)
      expect((await get(await issuer.token({ claims: { sub: `user-${i}` } }))).status).toBe(200);
    expect(issuer.asked).toEqual(['/realm/.well-known/openid-configuration', '/realm/keys']);
  });

  it('may sign with a new key, which is fetched, though not at every unknown name', async () => {
    expect((await get(await issuer.token())).status).toBe(200);
    await issuer.rotate();
    const token = await issuer.token();
    expect((await get(token)).status).toBe(401);
    later(31 * SECOND_MS);
    expect((await get(token)).status).toBe(200);
    const asked = issuer.asked.length;
    for (let i = 0; i < 5; i += 1) {
      const answer = await get(await issuer.token({ kid: `unknown-${i}` }));
      expectProblem(answer, 401, 'UNAUTHENTICATED');
      expect(answer.body.detail).toContain('no such key');
    }
    expect(issuer.asked).toHaveLength(asked);
  });

  it.each(['PS256', 'ES256', 'EdDSA'])('may sign with %s', async (algorithm) => {
    await issuer.rotate(algorithm);
    expect((await get(await issuer.token())).status).toBe(200);
  });

  it.each(['RS512', 'ES384'])('may not sign with %s', async (algorithm) => {
    await issuer.rotate(algorithm);
    expectProblem(await get(await issuer.token()), 401, 'UNAUTHENTICATED');
  });

  it('may be away: tokens are put off and not counted, by upgrade too, and taken when it is back', async () => {
    issuer.down = true;
    const token = await issuer.token();
    for (let i = 0; i < 12; i += 1) {
      const answer = await get(token);
      expectProblem(answer, 503, 'STORE_UNAVAILABLE');
      expect(answer.body.detail).toMatch(/keys cannot be read/);
    }
    const headers: [string, string][] = [
      ['Host', '127.0.0.1'],
      ['Authorization', `Bearer ${token}`],
    ];
    expect((await sendUpgrade(service.service.port, { target: '/ws', headers })).status).toBe(503);
    expect(issuer.asked).toHaveLength(1);
    expect(await newestEntries(service)).toEqual([]);
    issuer.down = false;
    later(6 * SECOND_MS);
    expect((await get(token)).status).toBe(200);
  });

  it.each([
    ['the document of another issuer', { issuer: 'http://127.0.0.1:1/other' }],
    ['keys in the open', { jwks_uri: 'http://keys.test/keys' }],
    ['no keys', { jwks_uri: undefined }],
  ])('is not believed with %s', async (_what, lies) => {
    issuer.lies = lies;
    expectProblem(await get(await issuer.token()), 503, 'STORE_UNAVAILABLE');
    expect(issuer.asked).toEqual(['/realm/.well-known/openid-configuration']);
  });

  it('gives the role in the claim that is configured', async () => {
    const other = await TestService.start({ ...issuer.environment, OIDC_ROLE_CLAIM: 'https://map/role' });
    try {
      const token = await issuer.token({ claims: { role: 'admin', 'https://map/role': 'tester' } });
      const answer = await other.request('POST', '/budget/deduct', CHARGE, bearer(token));
      expect(answer.status).toBe(201);
      const [entry] = await newestEntries(other);
      expect(entry.principal.role).toBe('tester');
    } finally {
      await other.remove();
    }
  });
});

describe('without an OpenID provider', () => {
  it('a token is a key that nobody knows', async () => {
    const issuer = await OidcIssuer.start();
    const service = await TestService.start({ RBAC_ENABLED: 'true' });
    try {
      const answer = await service.request('GET', '/agents', undefined, bearer(await issuer.token()));
      expectProblem(answer, 401, 'UNAUTHENTICATED');
      expect(issuer.asked).toEqual([]);
    } finally {
      await service.remove();
      await issuer.stop();
    }
  });
});
