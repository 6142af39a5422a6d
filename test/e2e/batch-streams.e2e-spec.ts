import { once } from 'node:events';
import type { Server } from 'node:http';
import { connect, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { AuditRepository } from '#audit';
import { type Outcome, type RecordedItem, systemContext } from '#kernel';
import { ApiKeysService, PolicyInForce } from '#rbac';
import { AuditService } from '../../libs/audit/src/audit.service.js';
import { aKey } from '../support/access-calls.js';
import { eventually } from '../support/eventually.js';
import { TestService } from '../support/service.js';

const MIB = 1024 * 1024;
const event = (detail: string): string => `{"operation_detail":"${detail}"}\n`;

/** A client that writes the bytes of one request itself, and reads nothing before it is told to. */
class LineClient {
  private constructor(readonly socket: Socket) {}

  static async open(service: TestService, path: string, headers: Record<string, string> = {}) {
    const socket = connect(service.service.port, '127.0.0.1');
    await once(socket, 'connect');
    const lines = {
      Host: 'localhost',
      Connection: 'close',
      'Content-Type': 'application/x-ndjson',
      ...headers,
    };
    const head = Object.entries({ ...lines, 'Transfer-Encoding': 'chunked' });
    socket.write(`POST /api/v1${path} HTTP/1.1\r\n${head.map(([n, v]) => `${n}: ${v}\r\n`).join('')}\r\n`);
    return new LineClient(socket);
  }

  /** Resolves when the text has left this process. */
  send(text: string): Promise<void> {
    const chunk = `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;
    return new Promise((resolve, reject) => {
      this.socket.write(chunk, (error) => (error ? reject(error) : resolve()));
    });
  }

  /** Bytes that the other side, and what lies between, have taken. */
  get taken(): number {
    return this.socket.bytesWritten - this.socket.writableLength;
  }

  /** Ends the request, and only now reads. @returns the status line and the answer's lines. */
  async finish(): Promise<{ status: string; lines: Record<string, unknown>[] }> {
    this.socket.write('0\r\n\r\n');
    let text = '';
    this.socket.setEncoding('utf8').on('data', (part: string) => (text += part));
    await once(this.socket, 'close');
    const [head = '', ...rest] = text.split('\r\n\r\n');
    // What is no JSON object is the framing of chunks (RFC 9112, section 7.1).
    const body = rest
      .join('\r\n\r\n')
      .replace(/\r\n[0-9a-f]+\r\n/g, '')
      .replace(/^[0-9a-f]+\r\n/, '');
    const lines = body.split('\n').filter((line) => line.startsWith('{'));
    return { status: head.split('\r\n')[0] ?? '', lines: lines.map((line) => JSON.parse(line)) };
  }
}

describe('a stream of lines', () => {
  let service: TestService;
  const sockets: Socket[] = [];
  beforeAll(async () => {
    service = await TestService.start({ RBAC_ENABLED: 'false' });
    server().on('connection', (socket) => sockets.push(socket));
  });
  afterEach(() => void jest.restoreAllMocks());
  afterAll(() => service.remove());

  const server = (): Server => service.service.app.getHttpServer();
  const size = (): Promise<number> => service.get(AuditRepository).size();
  async function detailsAfter(seq: number): Promise<(string | null)[]> {
    return (await service.get(AuditRepository).findAfter(seq, 500)).map((entry) => entry.operationDetail);
  }

  it('is read to its end although its client reads nothing before, and is answered within bounds', async () => {
    const before = await size();
    const client = await LineClient.open(service, '/events/ingest/batch');
    // What the system would still buffer of the answer stays here, so that its bounds do not matter.
    const answering = sockets.at(-1)!;
    answering.cork();
    for (let part = 0; part < 200; part += 1) {
      const good = Array.from({ length: 25 }, (_, index) => event(`${part}/${index}`));
      const bad = Array.from(
        { length: 975 },
        () => `{"cost_usd":-1,"tokens_used":"x","rbac_decision":"y"}\n`,
      );
      await client.send([...good, ...bad].join(''));
    }
    await eventually('all that is good', async () => (await size()) === before + 5_000);
    expect(answering.writableLength).toBeGreaterThan(MIB);
    answering.uncork();
    const { status, lines } = await client.finish();
    expect(status).toBe('HTTP/1.1 200 OK');
    expect(lines.at(-1)).toEqual({ accepted: 5_000, rejected: 195_000 });
    expect(lines).toHaveLength(10_001);
    expect(lines[0]).toMatchObject({ index: 25, status: 422, error: { code: 'VALIDATION_FAILED' } });
    expect(lines[9_999]).toMatchObject({ index: 10_000 + 11 * 25 - 1 });
    expect(await size()).toBe(before + 5_000);
  }, 120_000);

  it('tells no more than 4 MiB of what it refused, and counts the rest', async () => {
    const client = await LineClient.open(service, '/metrics/batch');
    const key = 'k'.repeat(250_000);
    for (let part = 0; part < 40; part += 1) await client.send(`{"context":{"${key}":{"a":"\\u0000"}}}\n`);
    const { lines } = await client.finish();
    expect(lines.at(-1)).toEqual({ accepted: 0, rejected: 40 });
    const bytes = lines.reduce((sum, line) => sum + JSON.stringify(line).length, 0);
    expect(bytes).toBeGreaterThan(3 * MIB);
    expect(bytes).toBeLessThan(4 * MIB + 1024);
  });

  it('is read no faster than it is recorded, with no more than two slices under way', async () => {
    const slices: number[] = [];
    let atOnce = 0;
    let mostAtOnce = 0;
    const held: (() => void)[] = [];
    const state = { holding: true };
    jest.spyOn(service.get(AuditService), 'recordEach').mockImplementation(async (_ctx, events) => {
      slices.push(events.length);
      mostAtOnce = Math.max(mostAtOnce, (atOnce += 1));
      if (state.holding) await new Promise<void>((resolve) => held.push(resolve));
      atOnce -= 1;
      return events.map((): Outcome<RecordedItem> => ({ value: { id: 'recorded', repeated: false } }));
    });
    const client = await LineClient.open(service, '/events/ingest/batch');
    const part = event('x'.repeat(1000)).repeat(1024);
    const sent = Promise.all(Array.from({ length: 96 }, () => client.send(part)));
    let taken = -1;
    await eventually('the socket stands still', async () => {
      const before = taken;
      taken = client.taken;
      await new Promise((resolve) => setTimeout(resolve, 200));
      return slices.length > 0 && before === client.taken;
    });
    expect(slices).toHaveLength(1);
    expect(client.taken).toBeLessThan(32 * MIB);
    state.holding = false;
    for (const letGo of held) letGo();
    await sent;
    const { lines } = await client.finish();
    expect(lines).toEqual([{ accepted: 96 * 1024, rejected: 0 }]);
    expect(slices.reduce((sum, length) => sum + length, 0)).toBe(96 * 1024);
    expect(Math.max(...slices)).toBeLessThanOrEqual(500);
    expect(mostAtOnce).toBe(1);
  }, 120_000);

  it('is recorded as it comes, not only at its end', async () => {
    const before = await size();
    const client = await LineClient.open(service, '/events/ingest/batch');
    for (const detail of ['one', 'two', 'three']) {
      const known = await size();
      await client.send(event(detail));
      await eventually(detail, async () => (await size()) === known + 1);
    }
    expect((await client.finish()).lines).toEqual([{ accepted: 3, rejected: 0 }]);
    expect(await detailsAfter(before)).toEqual(['one', 'two', 'three']);
  });

  it('leaves what came whole where its client goes away, and nothing that was cut', async () => {
    const before = await size();
    const client = await LineClient.open(service, '/events/ingest/batch');
    await client.send(`${event('one')}${event('two')}{"operation_detail":"cut"}`);
    await eventually('two entries', async () => (await size()) === before + 2);
    client.socket.destroy();
    const another = await LineClient.open(service, '/events/ingest/batch');
    await another.send(event('three'));
    expect((await another.finish()).lines).toEqual([{ accepted: 1, rejected: 0 }]);
    expect(await detailsAfter(before)).toEqual(['one', 'two', 'three']);
  });

  it('leaves a beginning without gaps where its client goes away in the midst of it', async () => {
    const before = await size();
    const client = await LineClient.open(service, '/events/ingest/batch');
    const sent = client.send(Array.from({ length: 20_000 }, (_, index) => event(String(index))).join(''));
    const ended = sent.catch(() => undefined);
    await eventually('the first entries', async () => (await size()) > before);
    client.socket.destroy();
    await ended;
    let known = -1;
    await eventually('the end of recording', async () => {
      const last = known;
      known = await size();
      await new Promise((resolve) => setTimeout(resolve, 200));
      return last === known && known === (await size());
    });
    const details: (string | null)[] = [];
    for (let from = before; from < known; from += 500) details.push(...(await detailsAfter(from)));
    expect(details).toEqual(Array.from({ length: known - before }, (_, index) => String(index)));
  }, 120_000);

  it('may take longer than other requests', async () => {
    const client = await LineClient.open(service, '/events/ingest/batch');
    const before = await size();
    await client.send(event('one'));
    await eventually('an entry', async () => (await size()) === before + 1);
    // What Node does with a connection whose request has not ended in time.
    const late = Object.assign(new Error('late'), { code: 'ERR_HTTP_REQUEST_TIMEOUT' });
    expect(server().emit('clientError', late, sockets.at(-1))).toBe(true);
    await client.send(event('two'));
    expect(await client.finish()).toEqual({
      status: 'HTTP/1.1 200 OK',
      lines: [{ accepted: 2, rejected: 0 }],
    });
  });

  it('is cut off where it is no HTTP any more, and what came before stays', async () => {
    const before = await size();
    const client = await LineClient.open(service, '/events/ingest/batch');
    await client.send(`${event('one')}{\n`);
    await eventually('an entry', async () => (await size()) === before + 1);
    client.socket.write('no chunk\r\n');
    const { lines } = await client.finish();
    expect(lines.map((line) => line['status'])).toEqual([400]);
    expect(await size()).toBe(before + 1);
  });
});

describe('a stream of lines, its caller under RBAC', () => {
  let service: TestService;
  beforeAll(async () => {
    service = await TestService.start({ RBAC_ENABLED: 'true' });
  });
  afterAll(() => service.remove());

  const size = (): Promise<number> => service.get(AuditRepository).size();

  it.each([
    ['key is revoked', 401, 'UNAUTHENTICATED', (id: string) => revoke(id)],
    ['role loses the permission', 403, 'FORBIDDEN', () => withdraw()],
  ])('is rejected from when its %s', async (_what, status, code, change) => {
    const key = await aKey(service, 'developer');
    const client = await LineClient.open(service, '/events/ingest/batch', { 'X-API-Key': key.secret });
    const before = await size();
    await client.send(event('one'));
    await eventually('an entry', async () => (await size()) === before + 1);
    await change(key.id);
    await client.send(event('two'));
    const { lines } = await client.finish();
    jest.restoreAllMocks();
    expect(lines).toEqual([
      { index: 1, status, error: expect.objectContaining({ code }) },
      { accepted: 1, rejected: 1 },
    ]);
  });

  const revoke = (id: string) => service.get(ApiKeysService).revoke(systemContext('test'), id);
  const withdraw = (): void => {
    jest.spyOn(service.get(PolicyInForce).current, 'roleAllows').mockReturnValue(false);
  };
});
