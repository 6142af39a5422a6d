import { existsSync, statSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { once } from 'node:events';
import { networkInterfaces } from 'node:os';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { WebSocket } from 'ws';
import { build } from '../support/build.js';
import { eventually } from '../support/eventually.js';
import { databaseOf, openRaw, upTo } from '../support/opened-store.js';
import { Connection, killLeftovers, runService, ServiceProcess } from '../support/process.js';
import { anAgent } from '../support/service.js';
import { newTestStore, type TestStore } from '../support/store.js';

const HAS_IPV6 = Object.values(networkInterfaces()).some((addresses) =>
  addresses?.some(({ address }) => address === '::1'),
);
const ingestBody = (detail: string) => ({ operation_type: 'tool_use', operation_detail: detail });

let store: TestStore;
beforeAll(() => build(), 120_000);
beforeEach(() => {
  store = newTestStore();
});
afterEach(async () => {
  killLeftovers();
  await store.remove();
});

async function openStream(port: number, host = '127.0.0.1'): Promise<WebSocket> {
  const socket = new WebSocket(`ws://${host}:${port}/ws`);
  await once(socket, 'open');
  return socket;
}

/** A request of which the server has the first part only. */
class RawRequest {
  private answer = '';

  private constructor(private readonly socket: Socket) {
    socket.on('error', () => undefined);
    socket.setEncoding('utf8').on('data', (text: string) => (this.answer += text));
  }

  static async begin(port: number, line: string, rest: readonly string[]): Promise<RawRequest> {
    const socket = connect(port, '127.0.0.1');
    const request = new RawRequest(socket);
    // A connection that was answered once is in the server's hands, and not in a queue before it.
    socket.write('GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await eventually('the first answer', () => request.answer.includes('healthy'));
    request.answer = '';
    socket.write([line, 'Host: localhost', ...rest].join('\r\n'));
    return request;
  }

  /** @returns all that was answered until the server closed the connection. */
  async finish(rest: string): Promise<string> {
    const closed = once(this.socket, 'close');
    this.socket.write(rest);
    await closed;
    return this.answer;
  }
}

describe('SIGTERM', () => {
  /** One client of the load, until it is told that its connection ends. @returns what it was acknowledged. */
  async function ingestUntilTold(port: number, client: number, acknowledged: () => void): Promise<string[]> {
    const connection = new Connection(port);
    const details: string[] = [];
    for (;;) {
      const detail = `${client}/${details.length}`;
      const reply = await connection.request('POST', '/api/v1/events/ingest', ingestBody(detail));
      if (reply.status !== 201) throw new Error(`answered ${reply.status}: ${JSON.stringify(reply.body)}`);
      details.push(detail);
      acknowledged();
      if (reply.headers.connection === 'close') break;
    }
    connection.close();
    return details;
  }

  it('under load fails no request, loses none, tells sockets to come back, and leaves a store in one file', async () => {
    const service = await ServiceProcess.start(store);
    const socket = await openStream(service.port);
    const closed = once(socket, 'close');
    let count = 0;
    const stopAfterMany = (): void => {
      count += 1;
      if (count === 400) void service.kill('SIGTERM');
    };
    const details = (
      await Promise.all(upTo(16).map((client) => ingestUntilTold(service.port, client, stopAfterMany)))
    ).flat();
    const [code, reason] = (await closed) as [number, Buffer];
    expect(code).toBe(1001);
    expect(reason.toString()).toContain('reconnect');
    expect(await service.ended).toMatchObject({ code: 0, signal: null, stderr: '' });
    const database = databaseOf(store);
    if (database.dialect === 'sqlite') {
      const wal = `${database.file}-wal`;
      expect(existsSync(wal) ? statSync(wal).size : 0).toBe(0);
    }
    const raw = await openRaw(store);
    const rows = await raw.query<{ operation_detail: string }[]>(
      'SELECT operation_detail FROM agent_audit_log',
    );
    await raw.destroy();
    expect(rows.map((row) => row.operation_detail).sort()).toEqual(details.sort());
  }, 60_000);

  it('says in /health that it is not ready, and finishes what was begun before', async () => {
    const service = await ServiceProcess.start(store);
    const ingest = await RawRequest.begin(service.port, 'POST /api/v1/events/ingest HTTP/1.1', [
      'Content-Type: application/json',
      'Content-Length: 2',
      '',
      '{',
    ]);
    const health = await RawRequest.begin(service.port, 'GET /health HTTP/1.1', ['']);
    const ended = service.kill('SIGTERM');
    await eventually('the drain to begin', () => service.stdout.includes('finishing what is in flight'));
    const refused = new Connection(service.port).request('GET', '/health');
    await expect(refused).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    const notReady = await health.finish('\r\n');
    expect(notReady).toMatch(/^HTTP\/1\.1 503 /);
    expect(notReady).toMatch(/\r\nRetry-After: \d+\r\n/i);
    expect(notReady).toContain('SHUTTING_DOWN');
    const done = await ingest.finish('}');
    expect(done).toMatch(/^HTTP\/1\.1 201 /);
    for (const answer of [notReady, done]) expect(answer).toMatch(/\r\nConnection: close\r\n/i);
    expect(await ended).toMatchObject({ code: 0 });
  }, 60_000);

  it.each(['SIGTERM', 'SIGINT'] as const)(
    'twice, the second as %s, ends the service at once',
    async (second) => {
      const service = await ServiceProcess.start(store);
      await RawRequest.begin(service.port, 'POST /api/v1/events/ingest HTTP/1.1', [
        'Content-Length: 9',
        '',
        '{',
      ]);
      const ended = service.kill('SIGTERM');
      await eventually('the drain to begin', () => service.stdout.includes('finishing what is in flight'));
      void service.kill(second);
      // A drain that ran to its end would say 0.
      expect(await ended).toMatchObject({ code: 1, signal: null });
    },
    60_000,
  );
});

describe('a bad configuration', () => {
  it('prints every bad variable and no secret, and exits with 1', async () => {
    const env = {
      PORT: 'abc',
      LOG_LEVEL: 'loud',
      ADMIN_API_KEY: 'much-too-short',
      BUDGET_TIMEZONE: 'Mars/Olympus',
    };
    const { code, stdout, stderr } = await runService(store, env);
    expect(code).toBe(1);
    expect(stdout).toBe('');
    for (const variable of Object.keys(env)) expect(stderr).toContain(`  ${variable}=`);
    expect(stderr).not.toContain('much-too-short');
    expect(stderr).not.toContain('    at ');
  });

  it.each(['0.0.0.0', '::', 'example.com'])('refuses HOST=%s while RBAC is off', async (host) => {
    const { code, stderr } = await runService(store, { HOST: host });
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringContaining('while RBAC_ENABLED is false'),
    });
  });
});

(HAS_IPV6 ? describe : describe.skip)('HOST=localhost', () => {
  it('serves both loopback addresses, over HTTP and over sockets', async () => {
    const service = await ServiceProcess.start(store, { HOST: 'localhost' });
    for (const host of ['127.0.0.1', '::1']) {
      const connection = new Connection(service.port, host);
      expect(await connection.request('GET', '/health')).toMatchObject({ status: 200 });
      connection.close();
      const socket = await openStream(service.port, host === '::1' ? '[::1]' : host);
      socket.terminate();
    }
    expect(await service.kill('SIGTERM')).toMatchObject({ code: 0 });
  }, 30_000);

  it.each(['127.0.0.1', '::1'])(
    'does not start where %s is taken',
    async (host) => {
      const squatter = createServer().listen(0, host);
      await once(squatter, 'listening');
      const { port } = squatter.address() as { port: number };
      const { code, stdout } = await runService(store, { PORT: String(port), SEED_ON_START: 'false' });
      expect(code).toBe(1);
      expect(stdout).toContain('EADDRINUSE');
      squatter.close();
    },
    30_000,
  );
});

describe('a start', () => {
  it('after kill -9 needs no help', async () => {
    const first = await ServiceProcess.start(store);
    const connection = new Connection(first.port);
    expect(await connection.request('POST', '/api/v1/agents', anAgent())).toMatchObject({ status: 201 });
    expect(await first.kill('SIGKILL')).toMatchObject({ signal: 'SIGKILL' });
    connection.close();
    const second = await ServiceProcess.start(store);
    const again = new Connection(second.port);
    expect(await again.request('GET', '/api/v1/agents/coder')).toMatchObject({
      status: 200,
      body: { name: 'coder' },
    });
    again.close();
    expect(await second.kill('SIGTERM')).toMatchObject({ code: 0 });
  }, 30_000);

  it('of three at once on an empty store succeeds, and the registry is seeded once', async () => {
    const env = { SEED_ON_START: 'true' };
    const services = await Promise.all(upTo(3).map(() => ServiceProcess.start(store, env)));
    for (const { port } of services) {
      const connection = new Connection(port);
      const page = await connection.request('GET', '/api/v1/agents?limit=1');
      expect(page.headers['x-total-count']).toBe('207');
      connection.close();
    }
    for (const service of services) expect(await service.kill('SIGTERM')).toMatchObject({ code: 0 });
    const raw = await openRaw(store);
    const rows = await raw.query<{ seq: number; operation_type: string }[]>(
      'SELECT seq, operation_type FROM agent_audit_log ORDER BY seq',
    );
    expect(rows).toEqual(upTo(207).map((seq) => ({ seq, operation_type: 'agent.register' })));
    await raw.destroy();
  }, 60_000);

  it('seeds an empty registry, and not one whose agents are all retired', async () => {
    const first = await ServiceProcess.start(store, { SEED_ON_START: 'true' });
    const connection = new Connection(first.port);
    const { body } = await connection.request('GET', '/api/v1/agents?limit=500');
    expect(body).toHaveLength(207);
    for (const { agent_id } of body as { agent_id: string }[]) {
      expect(await connection.request('DELETE', `/api/v1/agents/${agent_id}`)).toMatchObject({ status: 204 });
    }
    connection.close();
    expect(await first.kill('SIGTERM')).toMatchObject({ code: 0 });
    const second = await ServiceProcess.start(store, { SEED_ON_START: 'true' });
    const again = new Connection(second.port);
    expect(await again.request('GET', '/api/v1/agents')).toMatchObject({ status: 200, body: [] });
    again.close();
    expect(await second.kill('SIGTERM')).toMatchObject({ code: 0 });
  }, 60_000);
});
