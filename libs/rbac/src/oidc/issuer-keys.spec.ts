import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { exportJWK, generateKeyPair, type JWK } from 'jose';
import { IssuerKeys } from './issuer-keys.js';

const ISSUER = 'https://id.test';
const DOCUMENT = `${ISSUER}/.well-known/openid-configuration`;
const KEYS = 'https://keys.test/jwks';
const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;
const AWAY = { code: 'STORE_UNAVAILABLE' };

describe('IssuerKeys', () => {
  let now: number;
  let asked: string[];
  /** What is at each address; an Error for one that cannot be reached. */
  let answers: Record<string, object | Error>;
  let complaints: jest.SpiedFunction<Logger['warn']>;
  let jwk: JWK;
  let keys: IssuerKeys;

  beforeEach(async () => {
    [now, asked] = [1_000_000_000_000, []];
    jest.spyOn(Date, 'now').mockImplementation(() => now);
    complaints = jest.spyOn(Logger.prototype, 'warn').mockReturnValue();
    jest.spyOn(globalThis, 'fetch').mockImplementation((url) => {
      asked.push(url as string);
      const answer = answers[url as string] ?? new Error('there is nobody');
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(Response.json(answer));
    });
    jwk = { ...(await exportJWK((await generateKeyPair('ES256')).publicKey)), kid: 'known' };
    answers = { [DOCUMENT]: { issuer: ISSUER, jwks_uri: KEYS }, [KEYS]: { keys: [jwk] } };
    keys = new IssuerKeys(ISSUER, { now: () => now });
  });
  afterEach(() => void jest.restoreAllMocks());

  const find = (kid = 'known') =>
    Promise.resolve(keys.find({ alg: 'ES256', kid }, { payload: '', signature: '' }));
  const goAway = () => (answers = {});

  it('asks once, whoever waits for it', async () => {
    await Promise.all(Array.from({ length: 5 }, () => find()));
    expect(asked).toEqual([DOCUMENT, KEYS]);
  });

  it('serves the keys that it has while the issuer is away, until they are old', async () => {
    await find();
    goAway();
    now += 10 * MINUTE_MS - 1;
    await expect(find()).resolves.toBeDefined();
    now += 1;
    await expect(find()).rejects.toMatchObject(AWAY);
  });

  it.each<[which: string, kid: string, afterMs: number]>([
    ['an unknown key', 'unknown', 31 * SECOND_MS],
    ['keys that are old', 'known', 10 * MINUTE_MS],
  ])('leaves an issuer alone that failed over %s, and complains once', async (_which, kid, afterMs) => {
    await find();
    goAway();
    now += afterMs;
    asked = [];
    for (let i = 0; i < 20; i += 1) {
      await expect(find(kid)).rejects.toMatchObject(AWAY);
      now += 200;
    }
    expect(asked).toHaveLength(1);
    expect(complaints).toHaveBeenCalledTimes(1);
    now += SECOND_MS;
    await expect(find(kid)).rejects.toMatchObject(AWAY);
    expect(asked).toHaveLength(2);
  });

  it('still serves the keys that it has where an unknown one could not be looked for', async () => {
    await find();
    goAway();
    now += 31 * SECOND_MS;
    await expect(find('unknown')).rejects.toMatchObject(AWAY);
    await expect(find()).resolves.toBeDefined();
  });

  it('asks again when the clock was set back', async () => {
    goAway();
    await expect(find()).rejects.toMatchObject(AWAY);
    now -= 60 * MINUTE_MS;
    await expect(find()).rejects.toMatchObject(AWAY);
    expect(asked).toEqual([DOCUMENT, DOCUMENT]);
  });

  it('follows keys that moved, and forgets those that were withdrawn', async () => {
    await find();
    const moved = 'https://elsewhere.test/jwks';
    answers = {
      [DOCUMENT]: { issuer: ISSUER, jwks_uri: moved },
      [moved]: { keys: [{ ...jwk, kid: 'next' }] },
    };
    now += 10 * MINUTE_MS;
    await expect(find('next')).resolves.toBeDefined();
    await expect(find()).rejects.toMatchObject({ code: 'ERR_JWKS_NO_MATCHING_KEY' });
  });

  it.each([
    ['http://127.0.0.1:8080/admin'],
    ['http://localhost/keys'],
    ['http://keys.test/jwks'],
    ['file:///etc/passwd'],
    ['//keys.test/jwks'],
    [7],
  ])('is not led to %j', async (jwksUri) => {
    answers[DOCUMENT] = { issuer: ISSUER, jwks_uri: jwksUri };
    await expect(find()).rejects.toMatchObject(AWAY);
    expect(asked).toEqual([DOCUMENT]);
  });

  it.each([[{}], [{ keys: 'none' }], [{ keys: [1] }]])('takes %j for no keys', async (answer) => {
    answers[KEYS] = answer;
    await expect(find()).rejects.toMatchObject(AWAY);
  });

  it('follows no redirection, neither of the document nor of the keys', async () => {
    await find();
    expect(jest.mocked(fetch).mock.calls.map(([, how]) => how?.redirect)).toEqual(['error', 'manual']);
  });
});
