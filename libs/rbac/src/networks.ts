import { BlockList, isIPv4, isIPv6 } from 'node:net';

/** IPv4 addresses as a socket of both families shows them (RFC 4291, section 2.5.5.2). */
const IPV4_MAPPED = new BlockList();
IPV4_MAPPED.addSubnet('::ffff:0:0', 96, 'ipv6');

interface Network {
  readonly address: string;
  readonly prefix: number;
  readonly family: 'ipv4' | 'ipv6';
}

/** A network in CIDR notation (RFC 4632, section 3.1; RFC 4291, section 2.3); null for anything else. */
function parseNetwork(text: string): Network | null {
  const [, address = '', length = ''] = /^([0-9a-f.:]+)\/(0|[1-9]\d{0,2})$/i.exec(text) ?? [];
  const prefix = Number(length);
  if (isIPv4(address)) return prefix <= 32 ? { address, prefix, family: 'ipv4' } : null;
  // IPv4 has one notation here, since a mapped peer counts as IPv4.
  if (!isIPv6(address) || prefix > 128 || IPV4_MAPPED.check(address, 'ipv6')) return null;
  return { address, prefix, family: 'ipv6' };
}

export function isNetwork(text: string): boolean {
  return parseNetwork(text) !== null;
}

/** Where a key may come from. A list for each family, since `BlockList` finds IPv4 addresses in `::/0` too. */
export class Networks {
  private readonly lists = { ipv4: new BlockList(), ipv6: new BlockList() };

  /** @throws Error for what is no network. */
  constructor(networks: readonly string[]) {
    for (const text of networks) {
      const network = parseNetwork(text);
      if (!network) throw new Error(`${JSON.stringify(text)} is no network in CIDR notation`);
      this.lists[network.family].addSubnet(network.address, network.prefix, network.family);
    }
  }

  /** @param address of a peer; undefined for one that is gone. */
  contain(address: string | undefined): boolean {
    if (address === undefined) return false;
    if (isIPv4(address)) return this.lists.ipv4.check(address, 'ipv4');
    if (!isIPv6(address)) return false;
    const family = IPV4_MAPPED.check(address, 'ipv6') ? 'ipv4' : 'ipv6';
    return this.lists[family].check(address, 'ipv6');
  }
}
