import type { Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { build } from '../support/build.js';
import { makeCertificates } from '../support/certificates.js';
import { eventually } from '../support/eventually.js';
import { Connection, killLeftovers, type Reply, ServiceProcess } from '../support/process.js';
import { ADMIN_KEY, type Answer, TestService } from '../support/service.js';
import { newTestStore } from '../support/store.js';
import { SyslogReceiver } from '../support/syslog-receiver.js';
import { isSignedWith, WebhookReceiver } from '../support/webhook-receiver.js';

describe('syslog of the audit trail', () => {
  let service: TestService;
  beforeAll(async () => {
    service = await TestService.start({ RBAC_ENABLED: 'true' });
  });
  afterAll(() => service.remove());

  const ingest = (details: readonly string[]): Promise<Answer> =>
    service.request(
      'POST',
      '/events/ingest/batch',
      details.map((operation_detail) => ({ operation_type: 'tool_use', operation_detail })),
    );
  const create = async (receiver: SyslogReceiver, more: object = {}): Promise<Answer['body']> => {
    const body = {
      name: receiver.url.replace(/\W+/g, '-'),
      target: receiver.url,
      operation_types: ['tool_use'],
    };
    const answer = await service.request('POST', '/audit/sinks', { ...body, ...more });
    expect(answer.status).toBe(201);
    return answer.body;
  };
  const standing = async (sink: { sink_id: string }): Promise<Answer['body']> =>
    (await service.request('GET', `/audit/sinks/${sink.sink_id}`)).body;
  const remove = async (sink: { sink_id: string }, receiver: SyslogReceiver): Promise<void> => {
    await service.request('DELETE', `/audit/sinks/${sink.sink_id}`);
    await receiver.close();
  };

  it('brings all of it in order, each entry once while nothing breaks', async () => {
    const receiver = await SyslogReceiver.start();
    const sink = await create(receiver);
    expect([sink.kind, sink.secret]).toEqual(['syslog', null]);
    const details = Array.from(
      { length: 1_700 },
      (_, n) => `Bash: line ${n}\nnext \u0000 ü ${'y'.repeat(n % 90)}`,
    );
    const { body } = await ingest(details);
    await eventually('the end of the log', async () => (await standing(sink)).lag === 0);
    expect(receiver.faults).toEqual([]);
    const entries = receiver.messages.map(({ text }) => JSON.parse(text));
    expect(entries.map(({ audit_id }) => audit_id)).toEqual(body.results.map(({ id }: { id: string }) => id));
    // The log itself has no NUL.
    expect(entries.map(({ operation }) => operation.detail)).toEqual(
      details.map((detail) => detail.replace('\u0000', '\ufffd')),
    );
    expect(receiver.connections).toBeLessThan(20);
    await remove(sink, receiver);
  });

  it.each<[what: string, take: (socket: Socket) => void]>([
    ['closes at once', (socket) => socket.end()],
    ['resets at once', (socket) => socket.resetAndDestroy()],
    ['resets before it has read all', (socket) => socket.once('data', () => socket.resetAndDestroy())],
    ['closes with something unread', (socket) => void setTimeout(() => socket.destroy(), 300)],
  ])('takes nothing for delivered where the receiver %s', async (_what, take) => {
    const receiver = await SyslogReceiver.start();
    receiver.onConnection = (socket) => {
      take(socket);
      return true;
    };
    const sink = await create(receiver);
    await ingest(Array.from({ length: 300 }, () => 'x'.repeat(4_000)));
    await eventually('two failures', async () => (await standing(sink)).failures >= 2);
    const failing = await standing(sink);
    expect([failing.last_delivered_at, failing.lag >= 300]).toEqual([null, true]);
    receiver.onConnection = () => false;
    await eventually('the delivery', async () => (await standing(sink)).lag === 0);
    expect([receiver.faults, receiver.messages.length]).toEqual([[], 300]);
    await remove(sink, receiver);
  });

  it('is tried again where the receiver does not close, and said so', async () => {
    const receiver = await SyslogReceiver.start();
    receiver.onConnection = (socket) => {
      Object.assign(socket, { allowHalfOpen: true });
      socket.resume();
      return true;
    };
    const sink = await create(receiver);
    await ingest(['x']);
    await eventually('the failure', async () => (await standing(sink)).failures === 1);
    expect((await standing(sink)).last_error).toBe('no answer within 10 s');
    await remove(sink, receiver);
  });
});

describe('syslog and webhooks over TLS', () => {
  const store = newTestStore();
  let receiver: SyslogReceiver;
  let webhooks: WebhookReceiver;
  let caFile: string;
  beforeAll(async () => {
    const certificates = makeCertificates(store.folder);
    caFile = certificates.caFile;
    receiver = await SyslogReceiver.start(certificates);
    webhooks = await WebhookReceiver.start(certificates);
    await build();
  }, 120_000);
  afterAll(async () => {
    killLeftovers();
    await Promise.all([receiver, webhooks].map((each) => each.close()));
    await store.remove();
  });

  it('go to a receiver whose certificate can be verified, and to no other', async () => {
    const env = { RBAC_ENABLED: 'true', ADMIN_API_KEY: ADMIN_KEY };
    const started = async (more: Record<string, string> = {}) => {
      const service = await ServiceProcess.start(store, { ...env, ...more });
      const connection = new Connection(service.port);
      const call = (method: string, path: string, body?: unknown): Promise<Reply> =>
        connection.request(method, `/api/v1${path}`, body, { 'x-api-key': ADMIN_KEY });
      return { service, call, connection };
    };
    const untrusting = await started();
    const { body: sink } = await untrusting.call('POST', '/audit/sinks', {
      name: 'siem',
      target: receiver.url,
    });
    const { body: hook } = await untrusting.call('POST', '/audit/sinks', {
      name: 'hook',
      target: webhooks.url,
    });
    const standings = async ({ call }: typeof untrusting): Promise<Reply['body'][]> =>
      (await call('GET', '/audit/sinks')).body;
    await eventually('the failures', async () =>
      (await standings(untrusting)).every(({ failures }) => failures > 0),
    );
    for (const { last_error: error } of await standings(untrusting))
      expect(error).toMatch(/^UNABLE_TO_VERIFY_LEAF_SIGNATURE: |SELF_SIGNED/);
    expect([receiver.messages, webhooks.posts]).toEqual([[], []]);
    untrusting.connection.close();
    expect(await untrusting.service.kill('SIGTERM')).toMatchObject({ code: 0 });

    const trusting = await started({ NODE_EXTRA_CA_CERTS: caFile });
    await eventually('the deliveries', async () => (await standings(trusting)).every(({ lag }) => lag === 0));
    expect(webhooks.posts.every((posted) => isSignedWith(hook.secret as string, posted))).toBe(true);
    expect(webhooks.taken()).toEqual(receiver.numbers.slice(1));
    expect(receiver.faults).toEqual([]);
    const { body: entries } = await trusting.call('GET', '/events/audit?limit=100');
    const wanted = entries.filter(({ seq }: { seq: number }) => seq > sink.delivered_to).reverse();
    expect(receiver.messages.map(({ text }) => JSON.parse(text))).toEqual(wanted);
    expect(receiver.messages.map(({ msgId }) => msgId)).toContain('audit.sink_create');
    trusting.connection.close();
    await trusting.service.kill('SIGTERM');
  });
});
