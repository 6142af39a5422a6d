import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Clock, systemContext } from '#kernel';
import { AuditRepository, LogTail, SEGMENT, SegmentSealer } from '#audit';
import { LogAuditTrail } from '../../libs/audit/src/log/audit-trail.js';
import { PostCommitEventBus } from '../../libs/persistence/src/post-commit-event-bus.js';
import { build } from '../support/build.js';
import { eventually } from '../support/eventually.js';
import { NoAgents } from '../support/no-agents.js';
import { anEvent, OpenedStore, openRaw } from '../support/opened-store.js';
import { killLeftovers, runCli } from '../support/process.js';
import { TestService } from '../support/service.js';
import { newTestStore } from '../support/store.js';

const DAY = 86_400_000;

/** A clock that stood still a hundred days ago. */
class OldClock extends Clock {
  now(): number {
    return Date.now() - 100 * DAY;
  }
}

beforeAll(() => build(), 120_000);
afterAll(killLeftovers);

describe('legal holds', () => {
  let service: TestService;
  beforeAll(async () => {
    service = await TestService.start({ RBAC_ENABLED: 'true' });
  });
  afterAll(() => service.remove());

  it('are placed, listed and released, each with its entry', async () => {
    const { status, body: hold } = await service.request('POST', '/audit/holds', {
      agent_id: 'coder',
      start_date: '2026-01-05T00:00:00Z',
      reason: 'case 4711',
    });
    expect([status, hold]).toEqual([
      201,
      {
        hold_id: expect.any(String),
        agent_id: 'coder',
        start_date: '2026-01-05T00:00:00.000Z',
        end_date: null,
        reason: 'case 4711',
        placed_by: expect.any(String),
        placed_at: expect.any(String),
        released_by: null,
        released_at: null,
      },
    ]);
    expect((await service.request('GET', '/audit/holds')).body).toEqual([hold]);
    expect((await service.request('DELETE', `/audit/holds/${hold.hold_id}`)).status).toBe(204);
    const again = await service.request('DELETE', `/audit/holds/${hold.hold_id}`);
    expect([again.status, again.body.code]).toEqual([404, 'HOLD_NOT_FOUND']);
    const [released] = (await service.request('GET', '/audit/holds')).body;
    expect(released).toMatchObject({ hold_id: hold.hold_id, released_by: hold.placed_by });
    const { body: log } = await service.request('GET', '/events/audit?target_type=hold');
    expect(log.map((entry: { operation: { type: string } }) => entry.operation.type)).toEqual([
      'audit.release',
      'audit.hold',
    ]);
  });

  it.each([
    ['without a reason', {}],
    [
      'with a period that ends before it begins',
      { reason: 'x', start_date: '2026-01-02', end_date: '2026-01-01' },
    ],
    ['with a time that is none', { reason: 'x', start_date: 'yesterday' }],
  ])('are refused %s', async (_what, body) => {
    const answer = await service.request('POST', '/audit/holds', body);
    expect([answer.status, answer.body.code]).toEqual([422, 'VALIDATION_FAILED']);
  });

  it('take a known principal', async () => {
    const open = await TestService.start();
    const { status, body } = await open.request('POST', '/audit/holds', { reason: 'x' });
    expect([status, body.code]).toEqual([403, 'RBAC_REQUIRED']);
    await open.remove();
  });
});

describe('old entries', () => {
  it('go daily or by a command, unless they are under a hold', async () => {
    const store = newTestStore();
    const opened = await OpenedStore.open(store);
    const tail = new LogTail(new AuditRepository(opened.reader), new PostCommitEventBus(), new NoAgents());
    const old = new LogAuditTrail(new OldClock(), tail);
    for (let segment = 0; segment < 3; segment += 1)
      await opened.writer.append(systemContext('test'), (tx) => {
        for (let n = 0; n < SEGMENT; n += 1)
          old.record(tx, anEvent({ agent: { agentId: `agent-${segment}`, name: 'a', role: 'developer' } }));
      });
    await opened.close();

    // Kept for longer, so that the service does not let them go at its start.
    const service = await TestService.start({ RBAC_ENABLED: 'true', AUDIT_RETENTION_DAYS: '1000' }, store);
    await service.get(SegmentSealer).catchUp();
    const raw = await openRaw(store);
    await eventually('all that follows the log', async () => {
      const rows = await raw.query<{ seq: number }[]>('SELECT MIN(seq) AS seq FROM log_followers');
      return Number(rows[0]?.seq) >= 3 * SEGMENT;
    });
    await service.request('POST', '/audit/holds', { agent_id: 'agent-1', reason: 'case' });
    const checkpoint = (await service.request('POST', '/audit/checkpoint')).body as string;

    const retain = (...args: string[]) => runCli(store, ['audit', 'retain', ...args]);
    expect(await retain('--days', '101')).toMatchObject({ code: 0, stdout: 'removed 0 entries\n' });
    expect(await retain('--days', 'many')).toMatchObject({ code: 1 });
    const gone = `${2 * SEGMENT} entries, from 1 to ${3 * SEGMENT}\n1 segments stay under a hold\n`;
    expect(await retain('--dry-run')).toMatchObject({ code: 0, stdout: `would remove ${gone}` });
    expect(await retain()).toMatchObject({ code: 0, stdout: `removed ${gone}` });

    const count = async (agent: string): Promise<number> =>
      (await service.request('GET', `/events/audit?agent_id=${agent}`)).body.length as number;
    expect([await count('agent-0'), await count('agent-1'), await count('agent-2')]).toEqual([0, 100, 0]);
    const size = Number(checkpoint.split('\n')[1]);
    await service.request('POST', '/audit/checkpoint');
    const proof = await service.request('GET', `/audit/proof/consistency?from=${size}&to=${size + 1}`);
    expect(proof.body.from_root).toBe(checkpoint.split('\n')[2]);
    const [entry] = (await service.request('GET', '/events/audit?operation_type=audit.retention')).body;
    expect(entry).toMatchObject({
      principal: { id: expect.stringMatching(/^cli:/) },
      context: { entries: 2 * SEGMENT },
    });
    expect(await runCli(store, ['audit', 'verify'])).toMatchObject({
      ...{ code: 0, stdout: expect.stringMatching(/^The log is intact: /) },
    });
    await service.stop();

    const daily = await TestService.start({ AUDIT_RETENTION_DAYS: '90' }, store);
    await raw.query(`UPDATE audit_holds SET released_at = 1`);
    await daily.stop();
    const next = await TestService.start({ AUDIT_RETENTION_DAYS: '90' }, store);
    await eventually('the removal of what was held', async () => {
      const rows = await raw.query<{ rows: number }[]>(
        `SELECT COUNT(*) AS rows FROM agent_audit_log WHERE seq <= ${3 * SEGMENT}`,
      );
      return Number(rows[0]?.rows) === 0;
    });
    await raw.destroy();
    await next.remove();
  });
});
