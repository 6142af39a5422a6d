import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { DataSource } from 'typeorm';
import { build } from '../support/build.js';
import { eventually } from '../support/eventually.js';
import { openRaw } from '../support/opened-store.js';
import { Connection, killLeftovers, type Reply, ServiceProcess } from '../support/process.js';
import { randomFrom } from '../support/random.js';
import { ADMIN_KEY } from '../support/service.js';
import { newTestStore } from '../support/store.js';
import { SyslogReceiver } from '../support/syslog-receiver.js';
import { isSignedWith, WebhookReceiver } from '../support/webhook-receiver.js';

const SEED = Number(process.env['TEST_SEED'] ?? Date.now() % 1_000_000);
const ROUNDS = 3;
const BATCHES = 16;
const EVENTS = 60;

/** Fails now and then, in every way there is. */
function unreliable(random: () => number): WebhookReceiver['behave'] {
  let hangs = 1;
  return (_posted, response) => {
    const dice = random();
    if (dice < 0.1) return 500;
    if (dice < 0.15) return 429;
    if (dice < 0.25) response.socket?.resetAndDestroy();
    else if (dice < 0.3 && hangs > 0) hangs -= 1;
    else if (dice < 0.4) setTimeout(() => response.writeHead(503).end(), 200);
    else return 204;
    return null;
  };
}

describe(`delivery of the audit trail, its service killed ${ROUNDS} times (seed ${SEED})`, () => {
  const store = newTestStore();
  const sinks: Record<string, { sink_id: string; secret: string }> = {};
  let all: WebhookReceiver;
  let some: WebhookReceiver;
  let syslog: SyslogReceiver;
  let raw: DataSource;

  const clientOf = (service: ServiceProcess) => {
    const connection = new Connection(service.port);
    const call = (method: string, path: string, body?: unknown): Promise<Reply> =>
      connection.request(method, `/api/v1${path}`, body, { 'x-api-key': ADMIN_KEY });
    return { call, connection };
  };

  beforeAll(async () => {
    await build();
    const random = randomFrom(SEED);
    all = await WebhookReceiver.start();
    some = await WebhookReceiver.start();
    syslog = await SyslogReceiver.start();
    all.behave = unreliable(random);
    some.behave = unreliable(random);
    const start = () => ServiceProcess.start(store, { RBAC_ENABLED: 'true', ADMIN_API_KEY: ADMIN_KEY });
    let service = await start();
    let { call, connection } = clientOf(service);
    const create = async (name: string, target: string, more: object = {}): Promise<void> => {
      const { status, body } = await call('POST', '/audit/sinks', { name, target, from_seq: 1, ...more });
      if (status !== 201) throw new Error(JSON.stringify(body));
      sinks[name] = body;
    };
    await create('all', all.url);
    await create('some', some.url, { operation_types: ['tool_use'], decisions: ['denied'] });
    await create('syslog', syslog.url);
    for (let round = 0; round <= ROUNDS; round += 1) {
      for (let batch = 0; batch < BATCHES; batch += 1) {
        const events = Array.from({ length: EVENTS }, (_, n) => ({
          ...{
            operation_type: n % 3 ? 'tool_use' : 'file_access',
            operation_detail: `${round} ${batch} ${n}`,
          },
          rbac_decision: n % 5 ? 'allowed' : 'denied',
        }));
        const { status } = await call('POST', '/events/ingest/batch', events);
        if (status !== 207) throw new Error(`answered ${status}`);
      }
      if (round === ROUNDS) break;
      await wait(random() * 2_000);
      connection.close();
      await service.kill('SIGKILL');
      service = await start();
      ({ call, connection } = clientOf(service));
    }
    all.behave = some.behave = () => 204;
    await eventually(
      'all that there is',
      async () => {
        const { body } = await call('GET', '/audit/sinks');
        return body.every(({ lag }: { lag: number }) => lag === 0);
      },
      100_000,
    );
    connection.close();
    await service.kill('SIGTERM');
    raw = await openRaw(store);
  }, 240_000);
  afterAll(async () => {
    killLeftovers();
    await raw.destroy();
    await Promise.all([all, some, syslog].map((receiver) => receiver.close()));
    await store.remove();
  });

  const logged = async (where = ''): Promise<number[]> => {
    const sql = `SELECT seq FROM agent_audit_log ${where} ORDER BY seq`;
    return (await raw.query<{ seq: number }[]>(sql)).map(({ seq }) => seq);
  };

  it('brings all of the log in order, without a hole', async () => {
    const entries = await logged();
    expect(entries.length).toBeGreaterThanOrEqual((ROUNDS + 1) * BATCHES * EVENTS);
    expect(all.taken()).toEqual(entries);
    expect(all.posts.some(({ status }) => status !== 204)).toBe(true);
  });

  it('brings all that a filter lets through, and nothing else', async () => {
    expect(some.taken()).toEqual(
      await logged("WHERE operation_type = 'tool_use' AND rbac_decision = 'denied'"),
    );
  });

  it('brings the log as syslog, where some may come twice', async () => {
    const seen = new Set<number>();
    const once = syslog.numbers.filter((seq) => !seen.has(seq) && seen.add(seq));
    expect([syslog.faults, once]).toEqual([[], await logged()]);
  });

  it('has one batch after the other, each repeat under its id and with its body', () => {
    expect([all.mostAtOnce, some.mostAtOnce]).toEqual([1, 1]);
    const bodies = new Map<string, string>();
    for (const { id, raw: text } of [...all.posts, ...some.posts]) {
      expect(bodies.get(id) ?? text).toBe(text);
      bodies.set(id, text);
    }
  });

  it('signs all of it with the secret of the first start', () => {
    const signed = (receiver: WebhookReceiver, name: string) =>
      receiver.posts.every((posted) => isSignedWith(sinks[name]!.secret, posted));
    expect([signed(all, 'all'), signed(some, 'some')]).toEqual([true, true]);
  });

  it('has left no dead letter', async () => {
    expect(await raw.query('SELECT * FROM audit_dead_letters')).toEqual([]);
  });
});
