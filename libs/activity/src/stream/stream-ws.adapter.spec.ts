import { once } from 'node:events';
import { type IncomingHttpHeaders, type IncomingMessage, request as httpRequest } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { type INestApplication, Logger, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { AccessDenials, AccessReads, FailedLogins } from '#audit';
import {
  AccessDenied,
  AgentDirectory,
  Clock,
  DomainError,
  type ErrorCode,
  EventBus,
  type OperationContext,
  StoreUnavailable,
  LoginFailed,
  TooManyRequests,
} from '#kernel';
import { Authenticator, Door } from '#rbac';
import { aClock, aPrincipal, DirectEventBus, EPOCH, MemoryLog } from '../../test/hub.harness.js';
import { anAgentDirectory } from '../../test/agent-directory.fake.js';
import { anEvent, CODER } from '../../test/recorded-event.factory.js';
import { StreamListener } from '../../test/stream-listener.js';
import { STREAM_LIMITS } from './stream-client.js';
import { StreamAdmission } from './stream-admission.js';
import { StreamCommands } from './stream-commands.js';
import { StreamFeed } from './stream-feed.js';
import { ShortPathStreamGateway, StreamGateway } from './stream.gateway.js';
import { StreamHub } from './stream-hub.js';
import { StreamLog } from './stream-log.js';
import { StreamTickets } from './stream-tickets.js';
import { StreamWsAdapter, type ToUpgradeAnswer } from './stream-ws.adapter.js';

const PATH = '/api/v1/agents/activity/stream';
const UPGRADE = {
  Connection: 'Upgrade',
  Upgrade: 'websocket',
  'Sec-WebSocket-Version': '13',
  'Sec-WebSocket-Key': Buffer.alloc(16).toString('base64'),
};
const STATUS: Partial<Record<ErrorCode, number>> = {
  BAD_REQUEST: 400,
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  ORIGIN_NOT_ALLOWED: 403,
  NOT_FOUND: 404,
  TOO_MANY_REQUESTS: 429,
  STORE_UNAVAILABLE: 503,
  SHUTTING_DOWN: 503,
};

const toAnswer: ToUpgradeAnswer = (error, request) => {
  const { code, message } = error instanceof DomainError ? error : new DomainError('INTERNAL', 'unforeseen');
  const status = STATUS[code] ?? 500;
  const headers = { 'X-Request-Id': 't-1', ...(status === 503 ? { 'Retry-After': '1' } : {}) };
  return { status, headers, body: JSON.stringify({ status, code, detail: message, instance: request.url }) };
};

const denials: { ctx: OperationContext; code: string; target: string }[] = [];
let storeWorks = true;

const authenticator: Pick<Authenticator, 'authenticate' | 'authorize' | 'stillKnown' | 'may'> = {
  authenticate({ authorization }) {
    if (authorization === undefined) throw new DomainError('UNAUTHENTICATED', 'Send a key.');
    if (authorization === 'wrong') throw new LoginFailed('Unknown.');
    return aPrincipal(authorization, authorization === 'bound' ? CODER : null);
  },
  authorize({ principal }) {
    if (principal.id === 'powerless') throw new AccessDenied('Not permitted.');
  },
  stillKnown: () => true,
  may: () => true,
};

const bus = new DirectEventBus();
const log = new MemoryLog(bus);

@Module({
  providers: [
    { provide: EventBus, useValue: bus },
    { provide: Authenticator, useValue: authenticator },
    { provide: Door, useValue: new Door({ rbacEnabled: true, allowedHosts: [], corsOrigins: [] }) },
    {
      provide: AccessDenials,
      useValue: {
        record(ctx: OperationContext, { code, target }: { code: string; target: string }): Promise<void> {
          if (!storeWorks) return Promise.reject(new StoreUnavailable(new Error('disk full')));
          denials.push({ ctx, code, target });
          return Promise.resolve();
        },
      },
    },
    { provide: AccessReads, useValue: { record: () => Promise.resolve() } },
    { provide: FailedLogins, useValue: { count: () => Promise.resolve(new TooManyRequests('Wait.', 9)) } },
    { provide: AgentDirectory, useValue: anAgentDirectory() },
    { provide: Clock, useValue: aClock },
    { provide: StreamLog, useValue: log },
    StreamFeed,
    {
      provide: StreamHub,
      inject: [StreamFeed],
      useFactory: (feed: StreamFeed) =>
        new StreamHub(bus, authenticator, feed, anAgentDirectory(), aClock, STREAM_LIMITS),
    },
    StreamAdmission,
    StreamCommands,
    StreamTickets,
    StreamGateway,
    ShortPathStreamGateway,
  ],
})
class StreamTestModule {}

interface Refusal {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: Record<string, unknown>;
}

let app: INestApplication;
let port: number;

function url(path = PATH): string {
  return `ws://127.0.0.1:${port}${path}`;
}

function listen(path = PATH, authorization = 'key'): Promise<StreamListener> {
  return StreamListener.connect(url(path), { headers: { authorization } });
}

async function refusal(path: string, headers: Record<string, string>): Promise<Refusal> {
  const request = httpRequest({ host: '127.0.0.1', port, path, headers: { ...UPGRADE, ...headers } });
  request.end();
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  const chunks = (await response.toArray()) as Buffer[];
  const body = JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown>;
  return { status: response.statusCode, headers: response.headers, body };
}

describe('the stream over a socket', () => {
  beforeEach(async () => {
    denials.length = 0;
    storeWorks = true;
    app = await NestFactory.create(StreamTestModule, { logger: false });
    Logger.overrideLogger(false);
    app.useWebSocketAdapter(new StreamWsAdapter(app, toAnswer));
    await app.listen(0, '127.0.0.1');
    port = (app.getHttpServer().address() as AddressInfo).port;
  });

  afterEach(() => app.close());

  it.each([PATH, `${PATH}/`, '/ws', '/ws/', '/ws?from=dashboard'])(
    'greets whoever connects to %s',
    async (path) => {
      const listener = await listen(path);
      const timestamp = '2026-01-05T10:00:00.000Z';
      const seq = log.position;
      const stats = { total_agents: 0, active_connections: 1, epoch: EPOCH, seq };
      expect(await listener.received(3)).toEqual([
        { type: 'connection', message: expect.any(String), timestamp },
        { type: 'stats', data: stats, timestamp },
        { type: 'subscribed', data: { subscription: 'all', filter: {}, epoch: EPOCH, seq }, timestamp },
      ]);
      log.record(anEvent({ seq: seq + 1 }));
      const frame = { type: 'rbac_decision', seq: seq + 1, prev_seq: seq, subscription: 'all' };
      expect((await listener.received(4))[3]).toMatchObject(frame);
    },
  );

  it('shows a bound key its own agent only', async () => {
    const listener = await listen(PATH, 'bound');
    await listener.received(3);
    const seq = log.position + 1;
    log.record(anEvent({ seq, agentId: 'other' }), anEvent({ seq: seq + 1 }));
    expect(await listener.recorded(1)).toMatchObject([{ seq: seq + 1, prev_seq: seq - 1 }]);
  });

  it.each(['{"event":"subscribe"}', 'not JSON', '', '\0', Buffer.from([0, 255])])(
    'answers %j with an error and stays',
    async (message) => {
      const listener = await listen();
      listener.ws.send(message);
      expect(await listener.next('error')).toMatchObject({
        data: { code: expect.any(String), message: expect.any(String) },
      });
      const seq = log.position + 1;
      log.record(anEvent({ seq }));
      expect((await listener.recorded(1))[0]).toMatchObject({ seq });
    },
  );

  it('closes a client that sends too much or breaks the protocol, and nobody else', async () => {
    const [tooLarge, broken, healthy] = await Promise.all([listen(), listen(), listen()]);
    tooLarge.ws.send('x'.repeat(64 * 1024 + 1));
    // An unmasked frame, which a client must not send.
    (broken.ws as unknown as { _socket: NodeJS.WritableStream })._socket.write(
      Buffer.from([0x81, 0x01, 0x61]),
    );
    expect((await tooLarge.closed).code).toBe(1009);
    expect((await broken.closed).code).toBe(1002);
    const seq = log.position + 1;
    log.record(anEvent({ seq }));
    expect((await healthy.recorded(1))[0]).toMatchObject({ seq });
  });

  it('refuses without credentials, and records nothing', async () => {
    const { status, headers, body } = await refusal(PATH, {});
    expect(status).toBe(401);
    expect(headers['content-type']).toMatch('application/problem+json');
    expect(body).toMatchObject({ code: 'UNAUTHENTICATED', instance: PATH });
    expect(denials).toEqual([]);
  });

  it('answers what the count of failed logins says', async () => {
    const { status, body } = await refusal(PATH, { authorization: 'wrong' });
    expect([status, body['code']]).toEqual([429, 'TOO_MANY_REQUESTS']);
    expect(denials).toEqual([]);
  });

  it('refuses without the permission, and records that', async () => {
    const { status, body } = await refusal(`${PATH}/?a=b`, { authorization: 'powerless' });
    expect(status).toBe(403);
    expect(body['code']).toBe('FORBIDDEN');
    expect(denials).toEqual([
      {
        ctx: { traceId: 't-1', principal: aPrincipal('powerless'), route: `GET ${PATH} (upgrade)` },
        code: 'FORBIDDEN',
        target: `${PATH}/?a=b`,
      },
    ]);
  });

  it('answers 503 where a refusal cannot be recorded', async () => {
    storeWorks = false;
    const { status, headers, body } = await refusal(PATH, { authorization: 'powerless' });
    expect(status).toBe(503);
    expect(headers['retry-after']).toBe('1');
    expect(body['code']).toBe('STORE_UNAVAILABLE');
  });

  it('asks the door first, and records nothing of it', async () => {
    const { status, body } = await refusal('/nowhere', {
      authorization: 'key',
      origin: 'https://evil.example',
    });
    expect(status).toBe(403);
    expect(body['code']).toBe('ORIGIN_NOT_ALLOWED');
    expect(denials).toEqual([]);
  });

  it.each(['/', '/api/v1/agents', `${PATH}/more`, '/ws//', '//ws', '/%'])(
    'answers 404 for %s',
    async (path) => {
      const { status, body } = await refusal(path, { authorization: 'key' });
      expect([status, body['code']]).toEqual([404, 'NOT_FOUND']);
    },
  );

  it.each<Record<string, string>>([{ 'Sec-WebSocket-Version': '7' }, { 'Sec-WebSocket-Key': 'short' }])(
    'answers 400 for a handshake with %j',
    async (headers) => {
      const { status, body } = await refusal(PATH, { authorization: 'key', ...headers });
      expect([status, body['code']]).toEqual([400, 'BAD_REQUEST']);
    },
  );

  it('sends everyone away while draining, and takes nobody in', async () => {
    const listener = await listen();
    await app.get(StreamHub).closeAll(1001, 'bye');
    expect(await listener.closed).toEqual({ code: 1001, reason: 'bye' });
    const { status, headers, body } = await refusal(PATH, { authorization: 'key' });
    expect([status, body['code'], headers['retry-after']]).toEqual([503, 'SHUTTING_DOWN', '1']);
  });

  it('survives clients that go away in the middle of a refusal or a handshake', async () => {
    for (const authorization of ['powerless', 'key']) {
      const socket = connect(port, '127.0.0.1');
      await once(socket, 'connect');
      const lines = Object.entries({ Host: 'localhost', authorization, ...UPGRADE }).map(
        ([name, value]) => `${name}: ${value}\r\n`,
      );
      socket.write(`GET ${PATH} HTTP/1.1\r\n${lines.join('')}\r\n`);
      socket.resetAndDestroy();
      await once(socket, 'close');
    }
    const listener = await listen();
    expect(await listener.received(3)).toHaveLength(3);
  });
});
