import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { newId, type Sink, systemContext, TransactionRunner } from '#kernel';
import { AuditService } from '../../libs/audit/src/audit.service.js';
import { register } from '../support/access-calls.js';
import { logSize, newestEntries } from '../support/answers.js';
import { build } from '../support/build.js';
import { eventually } from '../support/eventually.js';
import { openRaw } from '../support/opened-store.js';
import { Connection, killLeftovers, ServiceProcess } from '../support/process.js';
import { type Answer, anAgent, TestService } from '../support/service.js';
import { newTestStore, TEST_DIALECT } from '../support/store.js';

const AT_ONCE = 32;
const keyed = (key: string) => ({ headers: { 'idempotency-key': key } });
const CHARGE = { agent_id: 'coder', tokens_used: 1, cost_usd: 0.5 };

/** A sink whose rows can never be written. */
const BROKEN: Sink<string> = {
  name: 'broken',
  order: 50,
  flush: () => Promise.reject(new Error('deliberate')),
};

describe('equal calls with one Idempotency-Key', () => {
  const store = newTestStore();
  let services: [TestService, TestService];
  beforeAll(async () => {
    services = [await TestService.start({}, store), await TestService.start({}, store)];
    await register(services[0], 'coder');
    await eventually(
      'the other instance knows the agent',
      async () => (await services[1].request('GET', '/agents/coder')).status === 200,
    );
  });
  afterEach(() => void jest.restoreAllMocks());
  afterAll(async () => {
    for (const service of services) await service.stop();
    await store.remove();
  });

  const spent = async (): Promise<number> =>
    (await services[0].request('GET', '/registry/agents/coder/budget')).body.cost_used_today as number;

  /** Every answer is the first, a repetition of it, or the advice to wait for it. */
  function expectOneEffect(answers: readonly Answer[]): void {
    const codes = answers.map(({ status, body }) => (status === 201 ? 'made' : body.code));
    expect([...new Set(codes)].sort()).toEqual(
      ['IDEMPOTENCY_KEY_IN_USE', 'made'].filter((code) => codes.includes(code)),
    );
    const made = answers.filter(({ status }) => status === 201);
    expect(made.filter(({ headers }) => headers.get('idempotency-replayed') === null)).toHaveLength(1);
    expect(new Set(made.map(({ body }) => JSON.stringify(body))).size).toBe(1);
    for (const { status, headers } of answers)
      if (status === 409) expect(headers.get('retry-after')).toBe('1');
  }

  it('have one effect, sent to one instance at once', async () => {
    const before = await spent();
    const key = newId();
    const answers = await Promise.all(
      Array.from({ length: AT_ONCE }, () =>
        services[0].request('POST', '/budget/deduct', CHARGE, keyed(key)),
      ),
    );
    expectOneEffect(answers);
    expect(await spent()).toBe(before + CHARGE.cost_usd);
  });

  it('have one effect, sent to two instances at once', async () => {
    for (let round = 0; round < 8; round += 1) {
      const before = await spent();
      const key = newId();
      const answers = await Promise.all(
        Array.from({ length: AT_ONCE }, (_, n) =>
          services[n % 2]!.request('POST', '/budget/deduct', CHARGE, keyed(key)),
        ),
      );
      expectOneEffect(answers);
      expect(await spent()).toBe(before + CHARGE.cost_usd);
    }
  });

  it('are answered by an instance that was started after them', async () => {
    const key = newId();
    const first = await services[0].request('POST', '/events/ingest', {}, keyed(key));
    const later = await TestService.start({}, store);
    const second = await later.request('POST', '/events/ingest', {}, keyed(key));
    await later.stop();
    expect(second.body).toEqual(first.body);
  });

  it('are told to wait while the first is carried out', async () => {
    const [service] = services;
    const release = await holdWriter(service);
    const key = newId();
    const first = service.request('POST', '/events/ingest', {}, keyed(key));
    await waiting(service, 1);
    const second = await service.request('POST', '/events/ingest', {}, keyed(key));
    expect([second.status, second.body.code]).toEqual([409, 'IDEMPOTENCY_KEY_IN_USE']);
    release();
    expect((await first).status).toBe(201);
    expect((await service.request('POST', '/events/ingest', {}, keyed(key))).body).toEqual(
      (await first).body,
    );
  });

  it('have one effect where the commit of their group fails and each is tried again', async () => {
    const [service] = services;
    const record = jest.spyOn(service.get(AuditService), 'record');
    const transactions = service.get(TransactionRunner);
    const release = await holdWriter(service);
    const before = await logSize(service);
    const key = newId();
    const first = service.request('POST', '/events/ingest', { operation_detail: 'twice' }, keyed(key));
    await waiting(service, 1);
    const broken = transactions.append(systemContext(), (tx) => tx.tx.add(BROKEN, 'row'));
    const refused = expect(broken).rejects.toThrow('deliberate');
    release();
    await refused;
    const { status, body } = await first;
    expect([status, body.seq]).toEqual([201, before + 1]);
    expect(record).toHaveBeenCalledTimes(2);
    expect(await logSize(service)).toBe(before + 1);
    expect(
      (await service.request('POST', '/events/ingest', { operation_detail: 'twice' }, keyed(key))).body,
    ).toEqual(body);
  });

  it('share a commit with others, and every entry has its place', async () => {
    const [service] = services;
    const before = await logSize(service);
    const release = await holdWriter(service);
    const sent = Array.from({ length: 12 }, (_, n) =>
      n % 3 === 0
        ? service.request('POST', '/events/ingest', { operation_detail: `${n}` }, keyed(newId()))
        : service.request(
            'POST',
            n % 3 === 1 ? '/events/ingest' : '/budget/deduct',
            n % 3 === 1 ? {} : CHARGE,
          ),
    );
    await waiting(service, sent.length);
    release();
    for (const { status } of await Promise.all(sent)) expect(status).toBe(201);
    const entries: Answer['body'][] = (await newestEntries(service, 100)).filter(
      ({ seq }: { seq: number }) => seq > before,
    );
    expect(entries.map(({ seq }) => seq - before).reverse()).toEqual(entries.map((_, index) => index + 1));
    const shown = await Promise.all(sent);
    for (const { body } of shown.filter((answer) => answer.body.seq !== undefined))
      expect(entries.find(({ seq }) => seq === body.seq)).toEqual(body);
  });

  it('do not wait for a decision that waits for them', async () => {
    const [service] = services;
    const check = { agent_id: 'coder', tool_name: 'Read', tool_use_id: 't-1' };
    const release = await holdWriter(service);
    const first = service.request('POST', '/rbac/check', check, keyed(newId()));
    await waiting(service, 1);
    const second = service.request('POST', '/rbac/check', check);
    const third = service.request('POST', '/rbac/check', check, keyed(newId()));
    await waiting(service, 3);
    release();
    const answers = await Promise.all([first, second, third]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    const again = await service.request('POST', '/rbac/check', check);
    expect(answers.map(({ body }) => body.decision_id)).toContain(again.body.decision_id);
    // What was decided inside a transaction counts for the next, and the same tool use cannot ask for more.
    const other = await service.request(
      'POST',
      '/rbac/check',
      { ...check, tool_name: 'Bash' },
      keyed(newId()),
    );
    expect(other.body).toMatchObject({ decision: 'denied', rule: 'tool_use.reused' });
  });

  it('decide one tool use once within a batch, and deny it another request', async () => {
    const [service] = services;
    const check = {
      agent_id: 'coder',
      tool_name: 'Read',
      tool_use_id: 't-2',
      session_id: 's-2',
      cwd: '/work',
    };
    const checks = [check, check, { ...check, file_path: '/work/src/b.ts' }];
    const { body } = await service.request('POST', '/rbac/check/batch', { checks }, keyed(newId()));
    const [a, b, c] = body.results;
    expect(b.decision_id).toBe(a.decision_id);
    expect(a.rule).not.toBe('tool_use.reused');
    expect(c).toMatchObject({ decision: 'denied', rule: 'tool_use.reused' });
  });
});

/** Keeps the writer busy. @returns how to let it go on. */
async function holdWriter(service: TestService): Promise<() => void> {
  let release = (): void => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  await new Promise<void>((begun) => {
    void service.get(TransactionRunner).run(systemContext(), () => {
      begun();
      return held;
    });
  });
  return release;
}

/** Resolves when so many units wait for the writer. */
function waiting(service: TestService, count: number): Promise<void> {
  const writer = service.get(TransactionRunner) as unknown as { readonly queue: readonly unknown[] };
  return eventually(`${count} units in the queue`, () => {
    return writer.queue.length >= count;
  });
}

const ROUNDS = TEST_DIALECT === 'sqlite' ? 6 : 3;
const CLIENTS = 8;

describe(`the service, killed ${ROUNDS} times among calls with keys`, () => {
  const store = newTestStore();
  /** What each key was answered; null where the connection broke first. */
  const answers = new Map<string, string | null>();
  beforeAll(async () => {
    await build();
    for (let round = 0; round < ROUNDS; round += 1) {
      const service = await ServiceProcess.start(store);
      const end = answers.size + 20 + round * 15;
      await Promise.all(Array.from({ length: CLIENTS }, () => callUntilGone(service, end)));
      expect(await service.ended).toMatchObject({ signal: 'SIGKILL' });
    }
  }, 120_000);
  afterAll(async () => {
    killLeftovers();
    await store.remove();
  });

  const call = (connection: Connection, key: string) =>
    connection.request('POST', '/api/v1/agents', anAgent({ name: `agent-${key}` }), keyed(key).headers);

  async function callUntilGone(service: ServiceProcess, end: number): Promise<void> {
    const connection = new Connection(service.port);
    try {
      for (;;) {
        const key = newId();
        answers.set(key, null);
        const { status, body } = await call(connection, key);
        expect(status).toBe(201);
        answers.set(key, body.agent_id as string);
        if (answers.size >= end) void service.kill('SIGKILL');
      }
    } catch (error) {
      if (!/^(ECONNRESET|ECONNREFUSED|EPIPE)$/.test((error as NodeJS.ErrnoException).code ?? '')) throw error;
    } finally {
      connection.close();
    }
  }

  it('has carried out each of them once when they are repeated', async () => {
    expect([...answers.values()]).toContain(null);
    const service = await ServiceProcess.start(store);
    const connection = new Connection(service.port);
    for (const [key, agentId] of answers) {
      const { status, body } = await call(connection, key);
      expect(status).toBe(201);
      if (agentId !== null) expect(body.agent_id).toBe(agentId);
      answers.set(key, body.agent_id as string);
    }
    connection.close();
    await service.kill('SIGTERM');
    const raw = await openRaw(store);
    const rows = await raw.query<{ agent_id: string }[]>(
      "SELECT agent_id FROM agent_audit_log WHERE operation_type = 'agent.register'",
    );
    await raw.destroy();
    expect(rows.map(({ agent_id }) => agent_id).sort()).toEqual([...answers.values()].sort());
  });
});
