import { describe, expect, it } from '@jest/globals';
import { isNetwork, Networks } from './networks.js';

describe('a network', () => {
  it.each([
    ...['10.0.0.0/8', '0.0.0.0/0', '192.0.2.7/32', '10.1.2.3/8'],
    ...['::/0', '2001:db8::/32', '::1/128', 'FE80::/10', '2001:db8:0:0:0:0:0:1/64'],
  ])('is %s', (text) => {
    expect(isNetwork(text)).toBe(true);
    expect(() => new Networks([text])).not.toThrow();
  });

  it.each([
    ...['', '/', '10.0.0.0', '::1', 'localhost/8', '10.0.0.0/', '10.0.0.0/33', '10.0.0.0/-1', '10.0.0.0/08'],
    ...['10.0.0/8', '10.0.0.256/8', '010.0.0.0/8', '10.0.0.0/8 ', ' 10.0.0.0/8', '10.0.0.0/8/8'],
    ...['10.0.0.0/255.0.0.0', '2001:db8::/129', '2001:db8:::/32', 'fe80::%eth0/10', '10.0.0.0/8\n', '*'],
    ...['::ffff:10.0.0.0/104', '0:0:0:0:0:ffff:a00:0/104'],
  ])('is not %j', (text) => {
    expect(isNetwork(text)).toBe(false);
  });
});

describe('networks', () => {
  it.each([
    ['10.0.0.0/8', '10.255.255.255'],
    ['10.0.0.0/8', '::ffff:10.0.0.1'],
    ['10.0.0.0/8', '::FFFF:a00:1'],
    ['192.0.2.7/32', '192.0.2.7'],
    ['0.0.0.0/0', '203.0.113.9'],
    ['2001:db8::/33', '2001:db8:7fff::1'],
    ['fe80::/10', 'fe80::1%eth0'],
    ['::/0', '::1'],
  ])('%s contains %s', (network, address) => {
    expect(new Networks([network]).contain(address)).toBe(true);
    expect(new Networks(['198.51.100.0/24', '2001:db8:ffff::/48', network]).contain(address)).toBe(true);
  });

  it.each([
    ['10.0.0.0/8', '11.0.0.0'],
    ['10.0.0.0/8', '::ffff:11.0.0.1'],
    ['10.0.0.0/8', '::a00:1'],
    ['192.0.2.7/32', '192.0.2.6'],
    ['0.0.0.0/0', '::1'],
    ['2001:db8::/33', '2001:db8:8000::'],
    ['::/0', '203.0.113.9'],
    ['::/0', '::ffff:203.0.113.9'],
    ['::/0', undefined],
    ['0.0.0.0/0', ''],
    ['0.0.0.0/0', 'localhost'],
  ])('%s does not contain %s', (network, address) => {
    expect(new Networks([network]).contain(address)).toBe(false);
  });
});
