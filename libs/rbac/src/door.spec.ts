import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from '@jest/globals';
import { DomainError } from '#kernel';
import { Door } from './door.js';

interface Sent {
  readonly peer?: string | undefined;
  readonly target?: string;
  readonly version?: string;
  /** Names and values in turn, as Node has them. */
  readonly raw?: readonly string[];
}

const CORS = 'http://dashboard.test';

function aRequest({ peer = '127.0.0.1', target = '/', version = '1.1', raw = ['Host', 'localhost'] }: Sent) {
  const headers: Record<string, string> = {};
  for (let i = 0; i < raw.length; i += 2) headers[raw[i]!.toLowerCase()] ??= raw[i + 1]!;
  const socket = { remoteAddress: peer === 'gone' ? undefined : peer };
  return {
    url: target,
    httpVersion: version,
    rawHeaders: raw,
    headers,
    socket,
  } as unknown as IncomingMessage;
}

/** `admitted`, or the code of the refusal. */
function judge(sent: Sent, rbacEnabled = false): string {
  const door = new Door({ rbacEnabled, allowedHosts: ['map.internal'], corsOrigins: [CORS] });
  try {
    door.admit(aRequest(sent));
    return 'admitted';
  } catch (error) {
    if (error instanceof DomainError) return error.code;
    throw error;
  }
}

const HOST = 'HOST_NOT_ALLOWED';
const ORIGIN = 'ORIGIN_NOT_ALLOWED';

describe('Door, RBAC off', () => {
  it.each(['127.0.0.1', '127.255.255.254', '::1', '::ffff:127.0.0.1'])('admits the peer %s', (peer) => {
    expect(judge({ peer })).toBe('admitted');
  });

  it.each([
    '192.168.1.10',
    '10.0.0.1',
    '12.7.0.1',
    '::ffff:10.0.0.1',
    '::',
    '::1:1',
    'fe80::1',
    '2001:db8::127',
    'gone',
  ])('refuses the peer %s, whatever its Host says', (peer) => {
    expect(judge({ peer })).toBe(HOST);
  });

  it.each([
    ['localhost', 'admitted'],
    ['LOCALHOST:65535', 'admitted'],
    ['127.0.0.1:1', 'admitted'],
    ['[::1]:8000', 'admitted'],
    ['map.internal:8000', 'admitted'],
    ['Map.Internal', 'admitted'],
    ['map.internal.', HOST],
    ['sub.map.internal', HOST],
    ['localhost.evil.test', HOST],
    ['localhost:', HOST],
    ['localhost:123456', HOST],
    ['localhost:8000@evil.test', HOST],
    ['user@localhost', HOST],
    ['localhost localhost', HOST],
    ['[::1', HOST],
    ['[::1].evil.test', HOST],
    ['[::ffff:127.0.0.1]', HOST],
    ['[0:0:0:0:0:0:0:1]', HOST],
    ['::1', HOST],
    ['2130706433', HOST],
    ['127.0.0.1.nip.test', HOST],
    ['', HOST],
    ['localhost\t', HOST],
  ])('judges the Host %j: %s', (host, verdict) => {
    expect(judge({ raw: ['Host', host] })).toBe(verdict);
  });

  it('looks at every Host, not at the one that Node keeps', () => {
    expect(judge({ raw: ['Host', 'localhost', 'HOST', 'evil.test'] })).toBe(HOST);
    expect(judge({ raw: [] })).toBe(HOST);
  });

  it.each(['*', 'http://localhost/', 'localhost:80', ''])('refuses the target %j', (target) => {
    expect(judge({ target })).toBe(HOST);
  });

  it.each(['Forwarded', 'X-Forwarded-For', 'X-Forwarded-Anything', 'X-Real-IP', 'Via'])(
    'refuses %s',
    (name) => {
      for (const header of [name, name.toLowerCase(), name.toUpperCase()])
        expect(judge({ raw: ['Host', 'localhost', header, ''] })).toBe(HOST);
    },
  );
});

describe('Door, RBAC on', () => {
  it('admits any peer, Host and proxy: credentials decide', () => {
    const raw = ['Host', 'map.example.test', 'X-Forwarded-For', '203.0.113.7', 'Via', '1.1 proxy'];
    expect(judge({ peer: '203.0.113.7', raw }, true)).toBe('admitted');
  });

  it('takes one Host, and none with HTTP/1.0', () => {
    expect(judge({ raw: [] }, true)).toBe('BAD_REQUEST');
    expect(judge({ raw: ['Host', 'a.test', 'Host', 'b.test'] }, true)).toBe('BAD_REQUEST');
    expect(judge({ raw: [], version: '1.0' }, true)).toBe('admitted');
  });
});

describe.each([false, true])('Door, RBAC enabled: %s', (rbacEnabled) => {
  it.each([
    [[], 'admitted'],
    [['http://localhost:8000'], 'admitted'],
    [['https://localhost:8000'], 'admitted'],
    [[CORS], 'admitted'],
    [['http://localhost'], ORIGIN],
    [['http://localhost:80001'], ORIGIN],
    [['http://evil.test'], ORIGIN],
    [[`${CORS}:80`], ORIGIN],
    [[`${CORS}/`], ORIGIN],
    [['ws://localhost:8000'], ORIGIN],
    [['file://'], ORIGIN],
    [['null'], ORIGIN],
    [['*'], ORIGIN],
    [[''], ORIGIN],
    [[CORS, 'http://evil.test'], ORIGIN],
    [[CORS, CORS], ORIGIN],
  ])('judges the origins %j: %s', (origins, verdict) => {
    const raw = ['Host', 'localhost:8000', ...origins.flatMap((origin) => ['Origin', origin])];
    expect(judge({ raw }, rbacEnabled)).toBe(verdict);
  });

  it.each([
    ['same-origin', undefined, 'admitted'],
    ['none', undefined, 'admitted'],
    ['same-site', undefined, ORIGIN],
    ['cross-site', undefined, ORIGIN],
    ['', undefined, ORIGIN],
    ['same-site', CORS, 'admitted'],
    ['cross-site', CORS, 'admitted'],
    ['cross-site', 'http://evil.test', ORIGIN],
    ['same-origin', 'http://evil.test', ORIGIN],
    ['none', 'null', ORIGIN],
  ])('judges Sec-Fetch-Site %j with the origin %s: %s', (site, origin, verdict) => {
    const raw = [
      'Host',
      'localhost',
      'Sec-Fetch-Site',
      site,
      ...(origin === undefined ? [] : ['Origin', origin]),
    ];
    expect(judge({ raw }, rbacEnabled)).toBe(verdict);
  });
});
