import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { WebSocket } from 'ws';
import { systemContext } from '#kernel';
import { ApiKeysService } from '#rbac';
import type { StreamClientOptions } from '#stream-client';
import { type Followed, Following } from '../../libs/stream-client/test/following.js';
import { aKey, register } from '../support/access-calls.js';
import { eventually } from '../support/eventually.js';
import { ADMIN_KEY, TestService } from '../support/service.js';

/** What makes a client full that does not read: the bound is a megabyte, beside what the sockets take in. */
const LARGE = 'x'.repeat(60_000);

/** Lets a test hold its own reading. */
class HeldSocket extends WebSocket {
  static last: HeldSocket;

  constructor(url: string, options: object) {
    super(url, options);
    HeldSocket.last = this;
  }
}

describe('the client of the stream, with the service', () => {
  let service: TestService;
  const open: Following[] = [];
  beforeAll(async () => {
    service = await TestService.start({ RBAC_ENABLED: 'true' });
    await register(service, 'coder');
  });
  afterEach(() => {
    for (const { client } of open.splice(0)) client.close();
  });
  afterAll(() => service.remove());

  function connect(options: Partial<StreamClientOptions> = {}): Following {
    const headers = options.ticket ? {} : { headers: () => ({ 'x-api-key': ADMIN_KEY }) };
    const url = `${service.origin.replace('http', 'ws')}/ws`;
    const following = new Following(url, { ...headers, ...options, timing: { silenceMs: 30_000 } });
    open.push(following);
    return following;
  }
  const begun = (followed: Followed) =>
    eventually('the subscription', () => followed.subscription.position !== null);
  const ingest = async (detail = 'x'): Promise<number> => {
    const event = { agent_id: 'coder', operation_type: 'tool_use', operation_detail: detail };
    return (await service.request('POST', '/events/ingest', event)).body.seq as number;
  };
  /** Waits for a frame, and looks whether all before it came once and in order. */
  async function expectAll({ seqs }: Followed, expected: readonly number[]): Promise<void> {
    await eventually('the last frame', () => seqs.includes(expected.at(-1)!));
    expect(seqs).toEqual(expected);
  }

  it('goes on where it was after the service was restarted', async () => {
    const followed = connect().follow({ types: ['rbac_decision'], agents: ['coder'] });
    await begun(followed);
    const { port } = service.service;
    const sent = [await ingest(), await ingest()];
    await service.stop();
    service = await TestService.start({ RBAC_ENABLED: 'true', PORT: String(port) }, service.store);
    sent.push(await ingest(), await ingest());
    await expectAll(followed, sent);
    sent.push(await ingest());
    await expectAll(followed, sent);
  });

  it('gets each frame once, whatever it was cut off from while others record', async () => {
    const client = connect({ WebSocket: HeldSocket as never });
    const followed = client.follow({ types: ['rbac_decision'] });
    await begun(followed);
    const sent: number[] = [];
    for (let round = 1; round <= 4; round += 1) {
      const recording = Promise.all(Array.from({ length: 25 }, () => ingest()));
      HeldSocket.last.terminate();
      sent.push(...(await recording));
      await client.until('open', round + 1);
    }
    await expectAll(
      followed,
      sent.sort((a, b) => a - b),
    );
  });

  it('has told again what was left out while it did not read', async () => {
    let lagged = 0;
    const client = connect({ WebSocket: HeldSocket as never });
    const followed = client.follow({ types: ['rbac_decision'] }, null, { lagged: () => void (lagged += 1) });
    await begun(followed);
    HeldSocket.last.pause();
    const sent: number[] = [];
    // Soon enough: who does not read for 30 s is let go.
    for (let round = 0; round < 10; round += 1)
      sent.push(...(await Promise.all(Array.from({ length: 30 }, () => ingest(LARGE)))));
    HeldSocket.last.resume();
    await expectAll(
      followed,
      sent.sort((a, b) => a - b),
    );
    expect(lagged).toBeGreaterThan(0);
    expect(client.states.map(({ name }) => name)).toEqual(['connecting', 'open']);
  });

  it('learns that its position belongs to another log, and takes what there is', async () => {
    const seq = await ingest();
    const lost: number[] = [];
    const followed = connect().follow(
      {},
      { epoch: '0123456789abcdef', seq: 1 },
      {
        historyLost: ({ oldest_seq }) => {
          lost.push(oldest_seq);
          return 'oldest';
        },
      },
    );
    await eventually('the last frame', () => followed.seqs.includes(seq));
    expect([lost, followed.seqs[0]]).toEqual([[1], 1]);
  });

  it('opens with tickets, as browsers do, and each connection with another', async () => {
    const ticket = async () => (await service.request('POST', '/activity/ticket')).body.ticket as string;
    const client = connect({ ticket, WebSocket: HeldSocket as never });
    const followed = client.follow({ types: ['rbac_decision'] });
    await begun(followed);
    HeldSocket.last.terminate();
    const sent = [await ingest()];
    await expectAll(followed, sent);
  });

  it('stops when its key is revoked, or goes on with another one', async () => {
    const keys = [await aKey(service, 'analyst'), await aKey(service, 'analyst')];
    const [first] = keys.splice(0, 1);
    let key = first!;
    const headers = () => ({ 'x-api-key': key.secret });
    const stopping = connect({ headers });
    const going = connect({
      headers,
      keyEnded: () => {
        key = keys.pop()!;
        return true;
      },
    });
    const followed = going.follow({ types: ['rbac_decision'] });
    await Promise.all([stopping.until('open'), begun(followed)]);
    await service.get(ApiKeysService).revoke(systemContext(), first!.id);
    await Promise.all([stopping.until('closed'), going.until('open', 2)]);
    await expectAll(followed, [await ingest()]);
  });

  it('is told why a filter is not taken', async () => {
    const refusals: unknown[] = [];
    connect().follow({ types: ['no_such_frame'] }, null, {
      refused: ({ code, command }) => void refusals.push([code, command]),
    });
    await eventually('the refusal', () => refusals.length > 0);
    expect(refusals).toEqual([['VALIDATION_FAILED', 'subscribe']]);
  });
});
