import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { aKey, register } from '../support/access-calls.js';
import { expectProblem, TIME, UUID } from '../support/answers.js';
import { copyOf } from '../support/copied-store.js';
import { eventually } from '../support/eventually.js';
import { OpenedStore, openRaw } from '../support/opened-store.js';
import { type Answer, TestService } from '../support/service.js';
import { growLog } from '../support/signed-log.js';
import { newTestStore } from '../support/store.js';

const SIZE = 3_000;

describe('verification of the log over HTTP', () => {
  let service: TestService;
  beforeAll(async () => {
    const store = newTestStore();
    const opened = await OpenedStore.open(store);
    await growLog(opened, SIZE);
    await opened.close();
    const copy = await copyOf(store);
    await store.remove();
    service = await TestService.start({ RBAC_ENABLED: 'true' }, copy);
  });
  afterAll(() => service.remove());

  const start = () => service.request('POST', '/audit/verify');
  const poll = () => service.request('GET', '/audit/verify');
  async function ended(): Promise<Answer> {
    let answer = await poll();
    await eventually('the verification to end', async () => {
      answer = await poll();
      return answer.body.state !== 'running';
    });
    return answer;
  }

  it('has nothing to tell before the first', async () => {
    expectProblem(await poll(), 404, 'VERIFICATION_NOT_FOUND');
  });

  it('runs in the background, once at a time, and is polled', async () => {
    const [first, second] = [await start(), await start()];
    expect([first.status, second.status]).toEqual([202, 202]);
    expect(first.body).toEqual({
      verification_id: expect.stringMatching(UUID),
      state: 'running',
      started_at: expect.stringMatching(TIME),
      ended_at: null,
      checked: 0,
      total: 0,
      report: null,
    });
    expect(second.body).toMatchObject({ verification_id: first.body.verification_id, state: 'running' });
    const states: { checked: number; state: string }[] = [];
    await eventually('the verification to end', async () => {
      // What is asked for meanwhile is answered meanwhile.
      expect((await service.request('GET', '/agents')).status).toBe(200);
      states.push((await poll()).body);
      return states.at(-1)?.state !== 'running';
    });
    expect(states.some(({ checked }) => checked > 0 && checked < SIZE)).toBe(true);
    const { body } = await poll();
    expect(body).toEqual({
      ...first.body,
      state: 'done',
      ended_at: expect.stringMatching(TIME),
      checked: body.total,
      total: expect.any(Number),
      report: {
        intact: true,
        origin: expect.stringMatching(/^agent-reality-map\//),
        size: body.total,
        entries_checked: body.total,
        entries_erased: 0,
        checkpoints_agreed: expect.any(Number),
        held_checkpoints_agreed: 0,
        findings: [],
        more: 0,
      },
    });
    expect(body.total).toBeGreaterThanOrEqual(SIZE);
    expect((await start()).body.verification_id).not.toBe(first.body.verification_id);
    await ended();
  });

  it('is right while events are recorded', async () => {
    await start();
    const event = { agent_id: 'coder', operation_type: 'tool_use' };
    const batch = Array.from({ length: 50 }, () => event);
    while ((await poll()).body.state === 'running')
      expect((await service.request('POST', '/events/ingest/batch', batch)).status).toBe(207);
    expect((await poll()).body).toMatchObject({ state: 'done', report: { intact: true } });
  });

  it('finds damage and names the entry', async () => {
    const raw = await openRaw(service.store);
    const [{ audit_id }] = await raw.query('SELECT audit_id FROM agent_audit_log WHERE seq = 2000');
    await raw.query("UPDATE agent_audit_log SET operation_detail = 'nothing' WHERE seq = 2000");
    await raw.query('DELETE FROM agent_audit_log WHERE seq = 2500');
    await raw.destroy();
    await start();
    const { body } = await ended();
    expect(body.state).toBe('done');
    expect(body.report).toMatchObject({
      intact: false,
      more: 0,
      findings: [
        {
          kind: 'changed',
          seq: 2_000,
          last_seq: 2_000,
          audit_id,
          found_at: null,
          detail: expect.any(String),
        },
        { kind: 'missing', seq: 2_500, last_seq: 2_500, audit_id: null, found_at: null },
      ],
    });
  });

  it('is for those who may prove', async () => {
    const agent = await register(service, 'prover');
    const tester = await aKey(service, 'tester');
    const bound = await aKey(service, 'admin', agent);
    const reviewer = await aKey(service, 'reviewer');
    for (const method of ['POST', 'GET']) {
      for (const { secret } of [tester, bound])
        expectProblem(
          await service.request(method, '/audit/verify', undefined, { key: secret }),
          403,
          'FORBIDDEN',
        );
      const { status } = await service.request(method, '/audit/verify', undefined, { key: reviewer.secret });
      expect(status).toBe(method === 'POST' ? 202 : 200);
    }
    await ended();
  });

  it('does not hold up the end of the service', async () => {
    const stopped = await TestService.start({}, service.store);
    expect((await stopped.request('POST', '/audit/verify')).status).toBe(202);
    await stopped.stop();
  });
});
