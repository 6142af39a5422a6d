// @ts-check
/** How a limit server tells the benchmark its port, and ends with it. */

/** @param {import('node:net').Server} server */
export function announce(server) {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  process.once('disconnect', () => process.exit());
  process.send?.({ port: address.port });
}
