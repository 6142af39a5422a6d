import { lookup as resolve } from 'node:dns';
import { BlockList, isIP, isIPv6, type LookupFunction } from 'node:net';

/** Link-local addresses, where clouds tell machines their credentials, and where they do so elsewhere. */
const FORBIDDEN = new BlockList();
FORBIDDEN.addSubnet('169.254.0.0', 16);
FORBIDDEN.addSubnet('fe80::', 10, 'ipv6');
FORBIDDEN.addSubnet('64:ff9b::a9fe:0', 112, 'ipv6');
FORBIDDEN.addAddress('100.100.100.200');
FORBIDDEN.addAddress('fd00:ec2::254', 'ipv6');

/** Whether `host` is an address that nothing is delivered to; names are judged by what they resolve to. */
export function isForbiddenAddress(host: string): boolean {
  return isIP(host) !== 0 && FORBIDDEN.check(host, isIPv6(host) ? 'ipv6' : 'ipv4');
}

let resolving: Promise<void> = Promise.resolve();

/**
 * Resolves a name to the addresses that may be connected to, for the connection itself, so that no other answer comes in
 * between. One name at a time: each holds one of Node's four threads while it waits, and SQLite needs the others.
 */
export const lookupAllowed: LookupFunction = (name, options, callback) => {
  resolving = resolving.then(
    () =>
      new Promise((done) => {
        resolve(name, { ...options, all: true }, (error, found) => {
          done();
          // Without an error there are addresses.
          const allowed = error ? [] : found.filter(({ address }) => !isForbiddenAddress(address));
          const [first] = allowed;
          if (!first) callback(error ?? new Error(`${name} is at a link-local address`), '');
          else if (options.all) callback(null, allowed);
          else callback(null, first.address, first.family);
        });
      }),
  );
};
