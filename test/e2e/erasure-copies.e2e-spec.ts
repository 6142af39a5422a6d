import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { DataSource } from 'typeorm';
import { newId } from '#kernel';
import { aKey, register } from '../support/access-calls.js';
import { eventually } from '../support/eventually.js';
import { databaseOf, openRaw } from '../support/opened-store.js';
import { type Answer, TestService } from '../support/service.js';
import { placesOf } from '../support/stored-text.js';

/** One word, so that it is found in the index of words, too. */
const MARK = 'zqmarkx7k2';

type Body = Answer['body'];

describe('erasing every entry', () => {
  let service: TestService;
  let raw: DataSource;
  let person: string;
  let agentKey: string;

  beforeAll(async () => {
    service = await TestService.start({ RBAC_ENABLED: 'true', AUDIT_READS: 'false' });
    raw = await openRaw(service.store);
    person = (await aKey(service, 'admin', undefined, { kind: 'human' })).secret;
    agentKey = (await aKey(service, 'developer', await register(service, 'coder'))).secret;
  });
  afterAll(async () => {
    await raw.destroy();
    await service.remove();
  });

  /** Each under an Idempotency-Key, so that its answer is kept. */
  async function post(path: string, body: unknown, key = person, expected = [200, 201, 207]): Promise<Body> {
    const answer = await service.request('POST', path, body, {
      key,
      headers: { 'idempotency-key': newId() },
    });
    expect([path, expected.includes(answer.status), answer.body]).toEqual([path, true, answer.body]);
    return answer.body;
  }
  async function entries(): Promise<Body[]> {
    const all: Body[] = [];
    let path: string | null = '/events/audit?limit=500';
    while (path !== null) {
      const answer: Answer = await service.request('GET', path, undefined, { key: person });
      all.push(...answer.body);
      const next = /<([^>]+)>; rel="next"/.exec(answer.headers.get('link') ?? '')?.[1];
      path = next === undefined ? null : next.replace(/^.*\/api\/v1/, '');
    }
    return all;
  }
  const indexed = (): Promise<void> =>
    eventually('the words and the sessions', async () => {
      const [row] = await raw.query<{ behind: number }[]>(
        `SELECT size - (SELECT MIN(seq) FROM log_followers WHERE name IN ('text', 'fleet')) AS behind FROM agent_audit_head`,
      );
      return Number(row?.behind) === 0;
    });

  it('begins with the mark in every text that a client may send', async () => {
    const said = { session_id: `s ${MARK}`, task: `t ${MARK}` };
    const use = { tool_use_id: `u ${MARK}`, session_id: `s ${MARK}` };
    const event = {
      ...{ agent_id: 'coder', operation_type: 'tool_use', rbac_decision: 'allowed', other: { deep: [MARK] } },
      ...{ operation_detail: `Bash ${MARK}`, target_resource: MARK, rbac_reason: `r ${MARK}` },
      context: { ...use, tool_name: 'Bash', [`key ${MARK}`]: [{ [MARK]: MARK }] },
    };
    await post('/events/ingest', event);
    await post('/events/ingest', event, agentKey);
    await post('/events/ingest/batch', [{ ...event, event_id: 'e-1' }]);
    const cost = { agent_id: 'coder', metric_type: 'cost', cost_usd: 0.01, tokens_used: 5, other: MARK };
    await post('/metrics', { ...cost, context: { ...use, tool_name: MARK, request_id: MARK, note: MARK } });
    await post('/metrics/batch', [{ agent_id: 'coder', metric_type: 'quality', context: { note: MARK } }]);
    const charge = { tokens_used: 1, cost_usd: 0.01, tool_name: MARK, session_id: `s ${MARK}` };
    for (const n of [1, 2]) {
      const ids = { tool_use_id: `u${n} ${MARK}`, request_id: `r${n} ${MARK}`, timestamp: `t ${MARK}` };
      await post('/budget/deduct', { ...charge, ...ids, agent_id: 'coder' });
    }
    // Two that differ in nothing, and one of nobody's.
    for (const agent_id of ['coder', 'coder', `nobody ${MARK}`])
      await post('/budget/deduct', { ...charge, agent_id });
    await post('/agents/coder/activate', said);
    await post('/agents/coder/complete', { ...said, success: true, execution_time_ms: 5 });
    const reserved = {
      agent_id: 'coder',
      session_id: `s ${MARK}`,
      max_cost_usd: 0.01,
      max_tokens: 1,
      ttl_s: 60,
    };
    const { reservation_id } = await post('/budget/reserve', reserved);
    await post('/budget/reserve', { ...reserved, session_id: `open ${MARK}` });
    await post('/budget/settle', { reservation_id, tokens_used: 1, cost_usd: 0.01 });
    const hold = await post('/audit/holds', { agent_id: 'nobody', reason: `case ${MARK}` });
    await service.request('DELETE', `/audit/holds/${hold.hold_id}`, undefined, { key: person });
    await service.request('GET', `/keys?of=${MARK}`, undefined, { key: agentKey });
  });

  it.each(['approve', 'deny'])('and in what somebody is asked to %s, and said', async (verb) => {
    const asked = {
      ...{ tool_name: 'Bash', operation: 'production_deploy', cwd: `/home/${MARK}` },
      ...{ session_id: `${verb} ${MARK}`, tool_use_id: `${verb} ${MARK}`, context: { note: MARK } },
      tool_input: { command: `git push origin main # ${verb} ${MARK}`, [MARK]: MARK },
    };
    const { decision, approval } = await post('/rbac/check', asked, agentKey);
    expect(decision).toBe('requires_approval');
    const path = `/approvals/${approval.approval_id}`;
    const { body } = await service.request('GET', path, undefined, { key: person });
    await post(`${path}/${verb}`, { request_hash: body.request_hash, comment: `c ${MARK}` });
    await post('/rbac/check', { ...asked, tool_use_id: `again ${MARK}` }, agentKey);
    await post(
      '/rbac/check/batch',
      { checks: [{ tool_name: 'Read', file_path: `src/${MARK}`, context: { note: MARK } }] },
      agentKey,
    );
  });

  it('finds the mark in all tables that are to be cleared', async () => {
    await indexed();
    expect(await placesOf(raw, MARK)).toEqual([
      ...['context', 'operation_detail', 'rbac_reason', 'target_resource', 'tool_use_id'].map(
        (column) => `agent_audit_log.${column}`,
      ),
      'agent_metrics.context',
      ...['comment', 'cwd', 'root', 'session_id', 'tool_input'].map((column) => `approvals.${column}`),
      ...['audit_holds.reason', 'audit_text'],
      ...['claimed_agent', 'client_timestamp', 'request_id', 'session_id', 'tool_name', 'tool_use_id'].map(
        (column) => `budget_ledger.${column}`,
      ),
      ...[
        'budget_reservations.session_id',
        'budget_usage.day',
        'fleet_sessions.session_id',
        'idempotency_keys.body',
        'session_roots.root',
      ],
    ]);
    expect(
      (await service.request('GET', `/events/audit?q=${MARK}`, undefined, { key: person })).body,
    ).not.toEqual([]);
  });

  it('leaves it in no column of any table, nor in the file', async () => {
    for (const { audit_id } of await entries())
      await post(`/audit/entries/${audit_id}/erase`, { reason: 'test' });
    // SQLite only notes that words are not to be found, until their index is compacted.
    expect((await placesOf(raw, MARK)).filter((place) => place !== 'audit_text')).toEqual([]);
    expect(
      (await service.request('GET', `/events/audit?q=${MARK}`, undefined, { key: person })).body,
    ).toEqual([]);
    await eventually('that it is overwritten', async () => {
      const left = await raw.query<unknown[]>('SELECT seq FROM audit_erasures WHERE overwritten_at IS NULL');
      return left.length === 0;
    });
    expect(await placesOf(raw, MARK)).toEqual([]);
    const database = databaseOf(service.store);
    if (database.dialect !== 'sqlite') return;
    for (const suffix of ['', '-wal'])
      expect([suffix, readFileSync(database.file + suffix).includes(MARK)]).toEqual([suffix, false]);
  });

  it('shows each of them as redacted, and nothing else gone', async () => {
    const all = await entries();
    const erased = all.filter(({ operation }) => operation.type !== 'audit.erase');
    expect(all.length).toBe(2 * erased.length);
    for (const entry of erased)
      expect(entry).toMatchObject({
        ...{ redacted: true, context: null, operation: { detail: null }, rbac: { reason: null } },
        target: { resource: null },
      });
    const { body: activity } = await service.request('GET', '/agent-activity?limit=500', undefined, {
      key: person,
    });
    expect(new Set(activity.map((each: Body) => each.redacted))).toEqual(new Set([true, false]));
    for (const path of ['/metrics', '/approvals', '/audit/holds', '/budget/ledger', '/events/audit/stats'])
      expect([path, (await service.request('GET', path, undefined, { key: person })).status]).toEqual([
        path,
        200,
      ]);
    const { body: approvals } = await service.request('GET', '/approvals', undefined, { key: person });
    expect(approvals.map(({ status, redacted }: Body) => [status, redacted])).toEqual([
      ['denied', true],
      ['spent', true],
    ]);
  });

  it('leaves what is said to stay, and only where it is said to', async () => {
    const STAYS = 'zqstays';
    const event = {
      ...{ agent_id: `a ${STAYS}`, agent_name: `n ${STAYS}`, agent_role: `r ${STAYS}` },
      ...{ operation_type: `o ${STAYS}`, target_type: `t ${STAYS}`, event_id: `e ${STAYS}` },
    };
    const { results } = await post('/events/ingest/batch', [event]);
    await post(`/audit/entries/${results[0].id}/erase`, { reason: 'test' });
    await eventually('what follows the log', async () => {
      const places = await placesOf(raw, STAYS);
      return places.includes('audit_counts.value') && places.includes('fleet_activities.agent_id');
    });
    expect(await placesOf(raw, STAYS)).toEqual([
      ...['agent_id', 'agent_name', 'agent_role', 'operation_type', 'target_type'].map(
        (column) => `agent_audit_log.${column}`,
      ),
      ...['audit_counts.scope', 'audit_counts.value'],
      ...['agent_id', 'agent_name', 'agent_role'].map((column) => `fleet_activities.${column}`),
      'idempotency_items.event_id',
    ]);
  });

  it('has nothing to decide again, and sums the same', async () => {
    const { body: policy } = await service.request('GET', '/policy', undefined, { key: person });
    const { status, body } = await service.request(
      'POST',
      '/rbac/simulate',
      { policy: policy.document },
      { key: person },
    );
    expect([status, body]).toEqual([200, expect.stringContaining('"decisions":0,')]);
    const { body: budget } = await service.request('GET', '/registry/agents/coder/budget', undefined, {
      key: person,
    });
    const [row] = await raw.query<{ tokens: number }[]>(
      "SELECT SUM(tokens_used) AS tokens FROM budget_ledger WHERE account <> 'unknown'",
    );
    expect(JSON.stringify(budget)).toContain(`:${Number(row?.tokens)},`);
  });
});
