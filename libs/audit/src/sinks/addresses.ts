import type { LookupAddress } from 'node:dns';
import { lookup } from 'node:dns/promises';
import { BlockList, isIP, isIPv6, type LookupFunction } from 'node:net';

/** Link-local addresses, where clouds tell machines their credentials, and where they do so elsewhere. */
const FORBIDDEN = new BlockList();
FORBIDDEN.addSubnet('169.254.0.0', 16);
FORBIDDEN.addSubnet('fe80::', 10, 'ipv6');
FORBIDDEN.addSubnet('64:ff9b::a9fe:0', 112, 'ipv6');
FORBIDDEN.addAddress('100.100.100.200');
FORBIDDEN.addAddress('64:ff9b::6464:64c8', 'ipv6');
FORBIDDEN.addSubnet('fd00:ec2::', 32, 'ipv6');
FORBIDDEN.addAddress('fd20:ce::254', 'ipv6');

/** Whether `host` is an address that nothing is delivered to; names are judged by what they resolve to. */
export function isForbiddenAddress(host: string): boolean {
  return isIP(host) !== 0 && FORBIDDEN.check(host, isIPv6(host) ? 'ipv6' : 'ipv4');
}

/** A name that took longer than this, ms, waits among its like the next time. */
const SLOW_MS = 2_000;
const slow = new Set<string>();
/** The end of what is being looked up: what was quick of late, and the rest. */
const queues = { quick: Promise.resolve(), slow: Promise.resolve() };
const underWay = new Map<string, Promise<LookupAddress[]>>();

/**
 * All addresses of a name, for all who ask meanwhile. Two names at a time: each holds one of Node's four threads while it waits, and
 * SQLite needs the others. Names whose servers do not answer do not keep the others waiting.
 */
function addressesOf(name: string): Promise<LookupAddress[]> {
  const asked = underWay.get(name);
  if (asked) return asked;
  const queue = slow.has(name) ? 'slow' : 'quick';
  const found = queues[queue].then(async () => {
    const begun = performance.now();
    try {
      return await lookup(name, { all: true });
    } finally {
      underWay.delete(name);
      if (performance.now() - begun > SLOW_MS) slow.add(name);
      else slow.delete(name);
    }
  });
  underWay.set(name, found);
  queues[queue] = found.then(
    () => undefined,
    () => undefined,
  );
  return found;
}

/**
 * Resolves a name to the addresses that may be connected to, for the connection itself, so that no other answer comes in
 * between.
 */
export const lookupAllowed: LookupFunction = (name, options, callback) => {
  addressesOf(name).then(
    (found) => {
      const allowed = found.filter(({ address }) => !isForbiddenAddress(address));
      const [first] = allowed;
      if (!first) callback(new Error(`${name} is at a link-local address`), '');
      else if (options.all) callback(null, allowed);
      else callback(null, first.address, first.family);
    },
    (error: unknown) => callback(error as NodeJS.ErrnoException, ''),
  );
};
