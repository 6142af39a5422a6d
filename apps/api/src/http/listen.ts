import { once } from 'node:events';
import type { Server } from 'node:http';
import { type AddressInfo, createServer, type Server as NetServer } from 'node:net';
import type { Config } from '#config';

/** What a machine says that has no IPv6. */
const NO_IPV6 = new Set(['EADDRNOTAVAIL', 'EAFNOSUPPORT', 'EINVAL']);

async function bind(server: NetServer, port: number, host: string): Promise<void> {
  const listening = once(server, 'listening');
  server.listen(port, host);
  await listening;
}

/**
 * Listens on `HOST`. `localhost` means both loopback addresses, since clients resolve the name either way: a
 * second socket server hands its connections to the HTTP server.
 * @returns the servers to close.
 * @throws Error when an address is taken, the second one too.
 */
export async function listen(
  server: Server,
  { host, port }: Pick<Config, 'host' | 'port'>,
): Promise<NetServer[]> {
  if (host !== 'localhost') {
    await bind(server, port, host);
    return [server];
  }
  await bind(server, port, '127.0.0.1');
  const second = createServer({ noDelay: true }, (socket) => server.emit('connection', socket));
  try {
    await bind(second, (server.address() as AddressInfo).port, '::1');
    return [server, second];
  } catch (error) {
    if (NO_IPV6.has((error as NodeJS.ErrnoException).code ?? '')) return [server];
    server.close();
    throw error;
  }
}
