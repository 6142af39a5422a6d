import { describe, expect, it } from '@jest/globals';
import { isForbiddenAddress, lookupAllowed } from './addresses.js';
import { faultOf, kindOf, shownTarget } from './sink-target.js';

describe('a target', () => {
  it.each([
    ['https://siem.example/hooks/a?token=b', 'webhook', 'https://siem.example/…'],
    ['http://10.0.0.5:8088', 'webhook', 'http://10.0.0.5:8088'],
    ['https://[2001:db8::1]/', 'webhook', 'https://[2001:db8::1]'],
    ['syslog+tls://siem.example:6514', 'syslog', 'syslog+tls://siem.example:6514'],
    ['syslog+tcp://[::1]:601/', 'syslog', 'syslog+tcp://[::1]:601'],
  ])('is taken and shown without what may be secret: %s', (target, kind, shown) => {
    expect([faultOf(target), kindOf(target), shownTarget(target)]).toEqual([null, kind, shown]);
  });

  it.each([
    ...['siem.example', 'ftp://siem.example/', 'file:///etc/passwd', 'javascript:alert(1)', 'https://'],
    ...['https://user:word@siem.example/', 'https://user@siem.example/', 'syslog+tls://u:p@siem.example:1'],
    ...['https://siem.example/#x', 'syslog+tls://siem.example', 'syslog+tls://siem.example:6514/x'],
    ...['syslog+tls://siem.example:6514?x=1', 'syslog+tcp://a%0ab:514', 'syslog://siem.example:514'],
    ...['http://169.254.169.254/latest', 'http://2852039166/', 'http://0xa9.0xfe.0xa9.0xfe/'],
    ...['https://[fe80::1]/', 'https://[::ffff:169.254.169.254]/', 'syslog+tcp://169.254.1.1:514'],
    ...['https://[64:ff9b::169.254.169.254]/', 'https://[fd00:ec2::254]/', 'http://100.100.100.200/'],
  ])('is refused: %s', (target) => expect(faultOf(target)).toMatch(/^must /));
});

describe('an address', () => {
  it.each(['127.0.0.1', '10.0.0.5', '192.168.1.1', '::1', 'fd00::1', '8.8.8.8', 'siem.example'])(
    'that may be delivered to: %s',
    (address) => expect(isForbiddenAddress(address)).toBe(false),
  );

  const resolve = (name: string, all: boolean): Promise<unknown> =>
    new Promise((settle) => {
      lookupAllowed(name, { all }, (error, found) => settle(error ? error.message : found));
    });

  it.each(['169.254.169.254', '0xa9fea9fe', '2852039166', 'fe80::1', '::ffff:169.254.169.254'])(
    'is looked at once more when the name was resolved: %s',
    async (name) => {
      expect(await resolve(name, true)).toMatch(/is at a link-local address$|ENOTFOUND/);
      expect(await resolve(name, false)).toMatch(/is at a link-local address$|ENOTFOUND/);
    },
  );

  it('is found for a name, one name after another, also after one that is none', async () => {
    const found = await Promise.all([
      resolve('no-such-name.invalid', true),
      resolve('localhost', true),
      resolve('127.0.0.1', false),
    ]);
    expect(found[0]).toMatch(/ENOTFOUND|EAI_AGAIN/);
    expect(found[1]).toEqual(
      expect.arrayContaining([{ address: expect.any(String), family: expect.any(Number) }]),
    );
    expect(found[2]).toBe('127.0.0.1');
  });
});
