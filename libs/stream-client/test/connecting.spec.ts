import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { WebSocket } from 'ws';
import { eventually } from '../../../test/support/eventually.js';
import type { StreamClientOptions } from '../src/index.js';
import { Following, isAt } from './following.js';
import { ProtocolServer } from './protocol-server.js';

/** Where the upgrade is refused, Node 22 tells an error alone. */
class SilentlyRefused extends WebSocket {
  private hasOpened = false;

  override emit(event: string, ...told: unknown[]): boolean {
    this.hasOpened ||= event === 'open';
    return (event !== 'close' || this.hasOpened) && super.emit(event, ...told);
  }
}

describe('a client of the stream connects', () => {
  let server: ProtocolServer;
  const open: Following[] = [];
  beforeEach(async () => {
    server = await ProtocolServer.start();
  });
  afterEach(async () => {
    for (const { client } of open.splice(0)) client.close();
    await server.stop();
  });

  function connect(options: Partial<StreamClientOptions> = {}, url = server.url): Following {
    const following = new Following(url, options);
    open.push(following);
    return following;
  }
  function endKeys(...keys: readonly string[]): void {
    server.ended = keys;
    server.closeAll(1008, 'the key is no longer valid');
  }
  const urls = () => server.requests.map(({ url }) => url);

  it('with another ticket each time, and its own query', async () => {
    let tickets = 0;
    const client = connect({ ticket: () => Promise.resolve(`t-${(tickets += 1)}`) }, `${server.url}?trace=1`);
    await client.until('open');
    server.breakAll();
    await client.until('open', 2);
    expect(urls()).toEqual(['/ws?trace=1&start=none&ticket=t-1', '/ws?trace=1&start=none&ticket=t-2']);
  });

  it('with headers, where these can be sent', async () => {
    const client = connect({ headers: () => ({ 'x-api-key': 'arm_1' }) });
    await client.until('open');
    expect(server.requests[0]?.headers['x-api-key']).toBe('arm_1');
  });

  it('again when it was refused, also where no close follows on that', async () => {
    server.ended = ['arm_1'];
    const client = connect({
      headers: () => ({ 'x-api-key': 'arm_1' }),
      WebSocket: SilentlyRefused as never,
    });
    await client.until('waiting', 2);
    expect(client.states.at(1)).toMatchObject({ name: 'waiting', reason: 'closed with 1006' });
    server.ended = [];
    await client.until('open');
  });

  it('again and again, while no ticket and no service is to be had', async () => {
    let tries = 0;
    const client = connect({
      ticket: () => ((tries += 1) < 3 ? Promise.reject(new Error('no ticket')) : Promise.resolve('t')),
    });
    const followed = client.follow();
    await isAt(followed, 0);
    const waits = client.states.filter((state) => state.name === 'waiting');
    expect(waits.map(({ reason }) => reason)).toEqual(['no ticket', 'no ticket']);
    for (const { delayMs } of waits) expect(delayMs).toBeLessThanOrEqual(20);
  });

  it('again when the service stops, or did not take what it sent', async () => {
    const client = connect();
    const followed = client.follow();
    await isAt(followed, 0);
    for (const [count, code] of [
      [2, 1001],
      [3, 1013],
    ] as const) {
      server.closeAll(code, 'go');
      await client.until('open', count);
    }
    server.add('a');
    await isAt(followed, 1);
  });

  it('again after a pause when what its key may see has changed, and goes on where it was', async () => {
    const asked: string[] = [];
    const client = connect({ keyEnded: (reason) => asked.push(reason) > 0 });
    const followed = client.follow();
    await isAt(followed, 0);
    for (const count of [1, 2]) {
      server.closeAll(1008, 'what the key may see has changed');
      server.add('a');
      await isAt(followed, count);
    }
    expect(client.states.map(({ name }) => name)).toEqual([
      ...['connecting', 'open', 'waiting'],
      ...['connecting', 'open', 'waiting'],
      ...['connecting', 'open'],
    ]);
    expect([followed.seqs, asked]).toEqual([[1, 2], []]);
  });

  it('no more once its key has ended', async () => {
    const client = connect({ headers: () => ({ 'x-api-key': 'arm_1' }) });
    await client.until('open');
    endKeys('arm_1');
    await client.until('closed');
    expect(client.states.at(-1)).toEqual({ name: 'closed', reason: 'the key is no longer valid' });
    expect(server.requests).toHaveLength(1);
  });

  it('no more once no ticket is to be had for its key', async () => {
    const tickets = ['t-1'];
    const ticket = () => Promise.resolve(tickets.pop() ?? Promise.reject(new Error('401')));
    const client = connect({ ticket });
    await client.until('open');
    endKeys();
    await client.until('closed');
    expect(client.states.at(-1)).toEqual({ name: 'closed', reason: 'the key is no longer valid' });
  });

  it.each([
    ['says that there is none', () => false],
    ['fails', () => Promise.reject(new Error('offline'))],
  ])('no more once its key has ended, where who is asked for another %s', async (_case, keyEnded) => {
    const client = connect({ keyEnded, headers: () => ({ 'x-api-key': 'arm_1' }) });
    await client.until('open');
    endKeys('arm_1');
    await client.until('closed');
    expect(server.requests).toHaveLength(1);
  });

  it('with another key where there is one, and goes on where it was', async () => {
    let key = 'arm_1';
    const reasons: string[] = [];
    const client = connect({
      headers: () => ({ 'x-api-key': key }),
      keyEnded: (reason) => {
        reasons.push(reason);
        key = 'arm_2';
        return Promise.resolve(true);
      },
    });
    const followed = client.follow();
    await isAt(followed, 0);
    endKeys('arm_1');
    server.add('a');
    await isAt(followed, 1);
    expect(server.requests.map(({ headers }) => headers['x-api-key'])).toEqual(['arm_1', 'arm_2']);
    expect([followed.seqs, reasons]).toEqual([[1], ['the key is no longer valid']]);
  });

  it('again when it hears nothing any more', async () => {
    const client = connect({ timing: { silenceMs: 200 } });
    const followed = client.follow();
    await isAt(followed, 0);
    server.isSilent = true;
    await client.until('waiting');
    expect(client.states).toContainEqual(
      expect.objectContaining({ name: 'waiting', reason: 'nothing was heard any more' }),
    );
    server.isSilent = false;
    server.add('a');
    await isAt(followed, 1);
    expect(followed.seqs).toEqual([1]);
  });

  it('again when its commands are not answered, although it hears something', async () => {
    server.isDeaf = true;
    const client = connect();
    const followed = client.follow();
    await eventually('the command', () => server.commands.length === 1);
    server.isDeaf = false;
    for (let heard = 0; heard < 4; heard += 1) server.stats();
    await isAt(followed, 0);
    expect(client.states).toContainEqual(
      expect.objectContaining({ name: 'waiting', reason: 'a command was not answered' }),
    );
  });

  it('and tells how things stand', async () => {
    const seqs: number[] = [];
    const client = connect({ onStats: ({ seq }) => void seqs.push(seq) });
    await client.until('open');
    server.add('a');
    server.stats();
    await eventually('two stats', () => seqs.length === 2);
    expect(seqs).toEqual([0, 1]);
  });

  it('never, once it is closed', async () => {
    const client = connect({ ticket: () => new Promise((resolve) => setImmediate(() => resolve('t'))) });
    client.client.close();
    const second = connect();
    await second.until('open');
    second.client.close();
    expect(urls()).toHaveLength(1);
    await eventually('the connection to be gone', () => server.connections === 0);
    expect([client.states.at(-1)?.name, second.states.at(-1)?.name]).toEqual(['closed', 'closed']);
  });

  it('to nothing, where there is no WebSocket', async () => {
    const client = connect({ WebSocket: undefined as never });
    const found = 'WebSocket' in globalThis;
    await client.until(found ? 'open' : 'waiting');
    if (!found)
      expect(client.states.at(-1)).toMatchObject({ reason: expect.stringMatching(/pass its class/) });
  });
});
