import { beforeEach, describe, expect, it } from '@jest/globals';
import { generateKeyPair, SignJWT } from 'jose';
import { hashKey } from '../new-api-key.js';
import { OidcTokens } from './oidc-tokens.js';

const CONFIG = { issuer: 'https://id.test', audience: 'map', roleClaim: 'role' };
const MINUTE_MS = 60_000;

describe('OidcTokens', () => {
  let now: number;
  let tokens: OidcTokens;
  let sign: (sub: string, expS: number) => Promise<string>;

  beforeEach(async () => {
    now = 1_000_000_000_000;
    const { publicKey, privateKey } = await generateKeyPair('ES256');
    tokens = new OidcTokens(CONFIG, { now: () => now }, { find: () => Promise.resolve(publicKey) });
    sign = (sub, exp) =>
      new SignJWT({ iss: CONFIG.issuer, aud: CONFIG.audience, sub, role: 'tester', exp })
        .setProtectedHeader({ alg: 'ES256' })
        .sign(privateKey);
  });

  it('remembers a token for a minute, and its principal until the token ends', async () => {
    const token = await sign('ada', now / 1000 + 600);
    expect(tokens.find(hashKey(token))).toBeNull();
    const principal = await tokens.verify(token);
    expect(principal).toEqual({ id: 'oidc:ada', kind: 'human', role: 'tester', agentId: null });
    now += MINUTE_MS - 1;
    expect(tokens.find(hashKey(token))).toBe(principal);
    now += 1;
    expect(tokens.find(hashKey(token))).toBeNull();
    expect(tokens.isCurrent(principal)).toBe(true);
    now += 10 * MINUTE_MS;
    expect(tokens.isCurrent(principal)).toBe(false);
  });

  it('remembers none beyond its end', async () => {
    const token = await sign('ada', now / 1000 - 50);
    await tokens.verify(token);
    now += 9_999;
    expect(tokens.find(hashKey(token))).not.toBeNull();
    now += 1;
    expect(tokens.find(hashKey(token))).toBeNull();
  });

  it('remembers a bounded number, and forgets what was used least lately', async () => {
    const all: string[] = [];
    for (let i = 0; i < 1_000; i += 1) {
      all.push(await sign(`user-${i}`, now / 1000 + 600));
      await tokens.verify(all[i]!);
    }
    const remembered = (i: number) => tokens.find(hashKey(all[i]!)) !== null;
    expect(remembered(0)).toBe(true);
    all.push(await sign('one-more', now / 1000 + 600));
    await tokens.verify(all[1_000]!);
    expect([remembered(0), remembered(1), remembered(2), remembered(1_000)]).toEqual([
      true,
      false,
      true,
      true,
    ]);
  });

  it.each(['arm_abc', 'a.b', 'a.b.c.d', 'a b.c.d', ''])('takes %j for no token', (text) => {
    expect(tokens.takes(text)).toBe(false);
  });

  it('takes nothing for one where no provider is configured', () => {
    expect(tokens.takes('a.b.c')).toBe(true);
    expect(new OidcTokens(null, { now: () => now }).takes('a.b.c')).toBe(false);
  });

  it('knows no principal that it has not made', () => {
    expect(tokens.isCurrent({ id: 'oidc:ada', kind: 'human', role: 'admin', agentId: null })).toBe(false);
  });
});
