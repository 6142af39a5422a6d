import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AuditRepository } from '#audit';
import { newId } from '#kernel';
import { aKey } from '../support/access-calls.js';
import { expectProblem, UUID } from '../support/answers.js';
import { Erasing, WHY } from '../support/erasing.js';
import { eventually } from '../support/eventually.js';
import { ADMIN_KEY, type Answer, TestService } from '../support/service.js';

type Body = Answer['body'];
const NOBODY = '00000000-0000-0000-0000-000000000000';

describe('erasing the texts of an entry', () => {
  let service: TestService;
  let test: Erasing;
  beforeAll(async () => {
    service = await TestService.start({ RBAC_ENABLED: 'true' });
    test = await Erasing.in(service);
  });
  afterAll(() => service.remove());

  const erase: Erasing['erase'] = (...args) => test.erase(...args);
  const anEntry: Erasing['anEntry'] = (...args) => test.anEntry(...args);
  const listed: Erasing['listed'] = (id) => test.listed(id);
  const size = () => service.get(AuditRepository).size();

  it('leaves what is no text, says who did it, and what could not be reached', async () => {
    const entry = await anEntry();
    expect(entry.redacted).toBe(false);
    expect(await listed(entry.audit_id)).toEqual(entry);
    const { status, body } = await erase(entry.audit_id, { reason: `see password=hunter2-x7q9z` });
    expect([status, body]).toEqual([
      200,
      {
        ...{ audit_id: entry.audit_id, seq: entry.seq, erased_at: expect.any(String) },
        record_id: expect.stringMatching(UUID),
        erased: expect.arrayContaining([
          { what: 'audit_trail', rows: 1 },
          { what: 'metrics', rows: 0 },
        ]),
        unreachable: expect.any(Array),
      },
    ]);
    const named = body.unreachable.map(({ what }: Body) => what);
    expect(named).toEqual(expect.arrayContaining(['exports', 'sinks', 'backups', 'other_entries', 'leaf']));
    expect(await listed(entry.audit_id)).toEqual({
      ...{ ...entry, redacted: true, context: null },
      operation: { ...entry.operation, detail: null },
      ...{ target: { ...entry.target, resource: null }, rbac: { ...entry.rbac, reason: null } },
    });
    expect(await listed(body.record_id)).toMatchObject({
      ...{ operation: { type: 'audit.erase' }, source: 'decided', redacted: false },
      principal: { id: test.person.id, kind: 'human', role: 'admin' },
      target: { resource: entry.audit_id, type: 'entry' },
      route: 'POST /api/v1/audit/entries/:audit_id/erase',
      context: { seq: entry.seq, reason: 'see password=[redacted]', redacted: ['named_secret'] },
    });
  });

  it('is found no more by its words, whether they were indexed before or not', async () => {
    const ids = async (word: string): Promise<string[]> =>
      (await service.request('GET', `/events/audit?q=${word}`)).body.map(({ audit_id }: Body) => audit_id);
    const entry = await anEntry({ operation_detail: 'uniqueword' });
    await eventually('the index', async () => (await ids('uniqueword')).length === 1);
    expect((await erase(entry.audit_id)).body.erased).toContainEqual({ what: 'search', rows: 1 });
    expect(await ids('uniqueword')).toEqual([]);
    const early = await anEntry({ operation_detail: 'earlyword' });
    await erase(early.audit_id);
    const later = await anEntry({ operation_detail: 'laterword' });
    await eventually('the index', async () => (await ids('laterword')).includes(later.audit_id));
    expect(await ids('earlyword')).toEqual([]);
  });

  it('is answered what was done before where it was done before, and written once', async () => {
    const { audit_id } = await anEntry();
    const answers = await Promise.all(Array.from({ length: 8 }, () => erase(audit_id)));
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    const before = await size();
    const again = await erase(audit_id.toUpperCase(), { reason: 'another' });
    for (const { body } of answers) expect(body).toEqual(again.body);
    expect(await size()).toBe(before);
    const { body: records } = await service.request(
      'GET',
      '/events/audit?operation_type=audit.erase&limit=500',
    );
    expect(records.filter(({ target }: Body) => target.resource === audit_id)).toHaveLength(1);
  });

  it('can be of the entry of an erasure, too, and that stays known', async () => {
    const { audit_id } = await anEntry();
    const { body } = await erase(audit_id, { reason: 'a name that should not be here' });
    expect((await erase(body.record_id)).status).toBe(200);
    const record = await listed(body.record_id);
    expect(record).toMatchObject({ redacted: true, context: null, principal: { id: test.person.id } });
    expect((await erase(audit_id)).body).toEqual(body);
  });

  it('is carried out once under an Idempotency-Key, whose answer holds no text', async () => {
    const { audit_id } = await anEntry();
    const headers = { 'idempotency-key': newId() };
    const first = await erase(audit_id, WHY, test.person.secret, headers);
    const second = await erase(audit_id, WHY, test.person.secret, headers);
    expect([second.status, second.body]).toEqual([200, first.body]);
    expect(second.headers.get('idempotency-replayed')).toBe('true');
    expect(JSON.stringify(first.body)).not.toContain('secretword');
  });

  it('takes the answer that was kept for a repeat, and the repeat writes nothing', async () => {
    const headers = { 'idempotency-key': newId() };
    const sent = { agent_id: 'coder', operation_type: 'kept', operation_detail: 'kept text' };
    const { body: entry } = await service.request('POST', '/events/ingest', sent, { headers });
    expect((await erase(entry.audit_id)).body.erased).toContainEqual({ what: 'kept_answers', rows: 1 });
    const before = await size();
    expectProblem(
      await service.request('POST', '/events/ingest', sent, { headers }),
      409,
      'ANSWER_NOT_REPEATED',
    );
    expect(await size()).toBe(before);
  });

  it('is refused under a hold, and nothing changes; after its release it is done', async () => {
    const entry = await anEntry();
    const other = await anEntry({ agent_id: 'other' });
    const { body: hold } = await service.request('POST', '/audit/holds', {
      agent_id: 'coder',
      reason: 'case',
    });
    const before = await size();
    expectProblem(await erase(entry.audit_id), 409, 'UNDER_HOLD');
    expect(await size()).toBe(before);
    expect(await listed(entry.audit_id)).toEqual(entry);
    expect((await erase(other.audit_id)).status).toBe(200);
    await service.request('DELETE', `/audit/holds/${hold.hold_id}`);
    expect((await erase(entry.audit_id)).status).toBe(200);
  });

  it.each([
    ['that ends before it', { end_date: '2020-01-01T00:00:00Z' }, 200],
    ['that begins after it', { start_date: '2100-01-01T00:00:00Z' }, 200],
    ['that it is in', { start_date: '2020-01-01T00:00:00Z', end_date: '2100-01-01T00:00:00Z' }, 409],
  ])('goes by the period of a hold: one %s', async (_what, period, status) => {
    const entry = await anEntry();
    const { body: hold } = await service.request('POST', '/audit/holds', { ...period, reason: 'case' });
    expect((await erase(entry.audit_id)).status).toBe(status);
    await service.request('DELETE', `/audit/holds/${hold.hold_id}`);
  });

  it('is for people alone, who are known, and of role admin', async () => {
    const entry = await anEntry();
    const service_ = await aKey(service, 'admin');
    expectProblem(await erase(entry.audit_id, WHY, service_.secret), 403, 'HUMAN_REQUIRED');
    expectProblem(await erase(entry.audit_id, WHY, ADMIN_KEY), 403, 'HUMAN_REQUIRED');
    const reviewer = await aKey(service, 'reviewer', undefined, { kind: 'human' });
    expectProblem(await erase(entry.audit_id, WHY, reviewer.secret), 403, 'FORBIDDEN');
    expectProblem(await erase(entry.audit_id, WHY, test.agentKey), 403, 'FORBIDDEN');
    expect(await listed(entry.audit_id)).toEqual(entry);
    const { body: denials } = await service.request(
      'GET',
      '/events/audit?operation_type=access.denied&limit=4',
    );
    expect(denials.map(({ context }: Body) => context.code)).toEqual([
      ...['FORBIDDEN', 'FORBIDDEN', 'HUMAN_REQUIRED', 'HUMAN_REQUIRED'],
    ]);
  });

  it.each([NOBODY, 'none', 'a%00b', '%F0%9F%98%80'])('is 404 for an entry that is none: %s', async (id) => {
    expectProblem(await erase(id), 404, 'ENTRY_NOT_FOUND');
  });

  it.each([[{}], [{ reason: ' ' }], [{ reason: 'x'.repeat(1001) }], [{ reason: 5 }]])(
    'is refused without a reason: %j',
    async (body) => {
      const { audit_id } = await anEntry();
      expectProblem(await erase(audit_id, body), 422, 'VALIDATION_FAILED', 'reason');
    },
  );

  it("touches nobody else's copies for what a client says of itself", async () => {
    const { body: metric } = await service.request('POST', '/metrics', {
      ...{ agent_id: 'coder', metric_type: 'quality', quality_score: 0.5, context: { note: 'stays' } },
    });
    const forged = await anEntry({
      ...{ operation_type: 'metric.record', target_resource: metric.metric_id },
      context: { metric_id: metric.metric_id, approval_id: metric.metric_id },
    });
    expect((await erase(forged.audit_id)).body.erased).toContainEqual({ what: 'metrics', rows: 0 });
    const { body: metrics } = await service.request('GET', '/metrics?limit=1');
    expect(metrics[0]).toMatchObject({ metric_id: metric.metric_id, context: { note: 'stays' } });
  });

  it('takes a known principal', async () => {
    const open = await TestService.start();
    const { body: entry } = await open.request('POST', '/events/ingest', { operation_detail: 'x' });
    expectProblem(
      await open.request('POST', `/audit/entries/${entry.audit_id}/erase`, WHY),
      403,
      'RBAC_REQUIRED',
    );
    await open.remove();
  });
});
