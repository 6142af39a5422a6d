import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { DataSource } from 'typeorm';
import { aKey, register } from '../support/access-calls.js';
import { sendBatch } from '../support/batch-client.js';
import { openRaw } from '../support/opened-store.js';
import {
  CUSTOMER,
  EVERY,
  KEY,
  KINDS,
  OTHER_KEY,
  OWN_POLICY,
  shownIn,
  TICKET,
  WORD,
} from '../support/secrets.js';
import { ADMIN_KEY, type Answer, TestService } from '../support/service.js';
import { storedText } from '../support/stored-text.js';
import { eventsOf, listen, type StreamListener } from '../support/stream.js';

describe('redaction before storage', () => {
  const folder = mkdtempSync(join(tmpdir(), 'redaction-'));
  const file = join(folder, 'policy.yaml');
  const logged: string[] = [];
  let service: TestService;
  let raw: DataSource;
  let listener: StreamListener;
  let agentKey: string;

  beforeAll(async () => {
    writeFileSync(file, OWN_POLICY);
    service = await TestService.start({ RBAC_ENABLED: 'true', POLICY_FILE: file, AUDIT_READS: 'true' });
    const write = (...parts: unknown[]) => void logged.push(JSON.stringify(parts));
    Logger.overrideLogger({ log: write, error: write, warn: write, debug: write, verbose: write });
    raw = await openRaw(service.store);
    agentKey = (await aKey(service, 'developer', await register(service, 'coder'))).secret;
    listener = await listen(service, '/ws', ADMIN_KEY);
  });
  afterAll(async () => {
    Logger.overrideLogger(false);
    await raw.destroy();
    await service.remove();
    rmSync(folder, { recursive: true });
  });

  const newest = async (type: string): Promise<Answer['body']> => {
    const { body } = await service.request('GET', `/events/audit?operation_type=${type}&limit=1`);
    return body[0];
  };
  const newestOf = (type: string) => newest(type);

  it('masks a reported event, wherever the secret stands, and says the kinds', async () => {
    const { status, body } = await service.request('POST', '/events/ingest', {
      ...{ agent_id: `x ${KEY}`, agent_name: EVERY, agent_role: `r ${TICKET}`, operation_type: `t ${KEY}` },
      ...{ operation_detail: EVERY, target_resource: EVERY, target_type: `t ${KEY}`, rbac_reason: EVERY },
      ...{ stdout: { deep: [EVERY] }, password: WORD },
      context: {
        tool_use_id: `id ${KEY}`,
        tool_input: { command: EVERY, nested: [{ Api_Key: WORD, CustomerNo: CUSTOMER, max_tokens: 7 }] },
        ...{ [`key ${KEY}`]: 1, [`key ${OTHER_KEY}`]: 2 },
        redacted: 'nothing',
      },
    });
    expect(status).toBe(201);
    expect(shownIn(JSON.stringify(body))).toEqual([]);
    expect(body.operation.detail).toBe('[redacted] --password=[redacted] [redacted] [redacted]');
    expect(body.context).toMatchObject({
      redacted: KINDS,
      claimed_redacted: 'nothing',
      extra: { password: '[redacted]' },
      ...{ 'key [redacted]': 1, 'key [redacted] 2': 2 },
      tool_input: { nested: [{ Api_Key: '[redacted]', CustomerNo: '[redacted]', max_tokens: 7 }] },
    });
  });

  it('masks events of batches and lines', async () => {
    const item = { agent_id: 'coder', operation_type: 'batched', operation_detail: EVERY, event_id: 'e-1' };
    const array = await service.request('POST', '/events/ingest/batch', [item, { ...item, event_id: 'e-2' }]);
    expect(array.body.accepted).toBe(2);
    const lines = await sendBatch(
      service,
      '/events/ingest/batch',
      [`${JSON.stringify({ ...item, event_id: 'e-3' })}\n`],
      {
        'content-type': 'application/x-ndjson',
        'x-api-key': ADMIN_KEY,
      },
    );
    expect(lines.lines.at(-1)).toMatchObject({ accepted: 1 });
    expect((await newestOf('batched')).context.redacted).toEqual(KINDS);
  });

  it('masks the context of metrics, and what they charge', async () => {
    const { status, body } = await service.request('POST', '/metrics', {
      ...{ agent_id: 'coder', metric_type: 'cost', cost_usd: 0.01, tokens_used: 5, note: EVERY },
      context: { tool_name: `Bash ${KEY}`, session_id: `s ${TICKET}`, output: EVERY, secret: WORD },
    });
    expect(status).toBe(201);
    expect(shownIn(JSON.stringify(body))).toEqual([]);
    expect((await newestOf('metric.record')).context.redacted).toEqual(KINDS);
    expect((await newestOf('budget.deduct')).context.redacted).toEqual(['aws_access_key', 'ticket']);
  });

  it('masks charges, and counts those as two whose names differ in a secret alone', async () => {
    const charge = { agent_id: 'coder', tokens_used: 1, cost_usd: 0.01, tool_name: `Bash ${EVERY}` };
    for (const secret of [KEY, OTHER_KEY]) {
      const sent = {
        ...charge,
        request_id: `r ${secret}`,
        tool_use_id: `u ${secret}`,
        session_id: `s ${KEY}`,
      };
      expect((await service.request('POST', '/budget/deduct', sent)).body).toMatchObject({ charged: true });
    }
    const unknown = { ...charge, agent_id: `nobody ${KEY}` };
    await service.request('POST', '/budget/deduct', unknown, { headers: { 'idempotency-key': 'k-1' } });
    const { context } = await newestOf('budget.deduct');
    expect(context).toMatchObject({ redacted: KINDS, claimed_agent: 'nobody [redacted]' });
  });

  it('masks what is said of tasks and reservations', async () => {
    const said = { session_id: `s ${KEY}`, task: `deploy with --token ${WORD}` };
    expect((await service.request('POST', '/agents/coder/activate', said)).status).toBe(200);
    expect((await service.request('POST', '/agents/coder/complete', { ...said, success: true })).status).toBe(
      200,
    );
    const reserved = {
      agent_id: 'coder',
      session_id: said.session_id,
      max_cost_usd: 0.01,
      max_tokens: 1,
      ttl_s: 60,
    };
    expect((await service.request('POST', '/budget/reserve', reserved)).status).toBe(201);
    const kinds = ['aws_access_key', 'named_secret'];
    for (const type of ['agent.activate', 'agent.complete'])
      expect((await newestOf(type)).context).toMatchObject({
        task: 'deploy with --token [redacted]',
        redacted: kinds,
      });
    expect((await newestOf('budget.reserve')).context.redacted).toEqual(['aws_access_key']);
  });

  it('masks decisions, and approvals, whose hash stays that of the whole request', async () => {
    const ask = (secret: string) =>
      service.request(
        'POST',
        '/rbac/check',
        {
          tool_name: 'Bash',
          tool_input: {
            command: `git push origin main && echo ${secret} --token ${WORD} ${TICKET}`,
            api_key: WORD,
          },
          context: { output: EVERY },
          session_id: `s ${KEY}`,
          tool_use_id: `u ${secret}`,
        },
        { key: agentKey, headers: { 'idempotency-key': `check-${secret.slice(-3)}` } },
      );
    const { body } = await ask(KEY);
    expect(body.decision).toBe('requires_approval');
    const entry = await newestOf('rbac.check');
    expect(entry.context.redacted).toEqual(KINDS);
    expect(entry.operation.detail).toBe(
      'Bash: git push origin main && echo [redacted] --token [redacted] [redacted]',
    );
    const other = await ask(OTHER_KEY);
    const { body: approvals } = await service.request('GET', '/approvals?status=pending');
    expect(approvals).toHaveLength(2);
    expect(new Set(approvals.map((each: Answer['body']) => each.request_hash)).size).toBe(2);
    expect(shownIn(JSON.stringify([approvals, body, other.body]))).toEqual([]);
    expect((await newestOf('approval.request')).context.redacted).toEqual([
      'aws_access_key',
      'named_secret',
      'ticket',
    ]);
    const [{ approval_id, request_hash }] = approvals;
    const comment = `see ${KEY}`;
    const human = (await aKey(service, 'admin')).secret;
    await service.request(
      'POST',
      `/approvals/${approval_id}/approve`,
      { request_hash, comment },
      { key: human },
    );
    await ask(KEY);
  });

  it('finds what ran to be what was decided, under a tool use with a secret, too', async () => {
    const tool_input = { file_path: 'src/a.ts', content: EVERY };
    const asked = { tool_name: 'Write', tool_input, tool_use_id: `w ${KEY}` };
    const { body } = await service.request('POST', '/rbac/check', asked, { key: agentKey });
    expect(body.decision).toBe('allowed');
    const report = { operation_type: 'tool_use', rbac_decision: 'allowed', context: asked };
    await service.request('POST', '/events/ingest', report, { key: agentKey });
    expect(await newestOf('tool_use.executed_differs')).toBeUndefined();
    expect(await newestOf('tool_use.ungated')).toBeUndefined();
  });

  it('shows none in error answers', async () => {
    const refused = [
      await service.request('POST', '/metrics', { agent_id: KEY, metric_type: 'execution' }),
      await service.request('POST', '/metrics/batch', [
        { agent_id: `${TICKET} ${KEY}`, metric_type: 'execution' },
      ]),
      await service.request('POST', '/agents', { [KEY]: 1, name: KEY, role: TICKET }),
      await service.request('GET', `/agents/${KEY}`),
      await service.request('GET', `/events/audit?limit=${KEY}&password=${WORD}`),
      await service.request('GET', `//nowhere/${KEY}`),
      await service.request('GET', `/keys?token=${WORD}`, undefined, { key: agentKey }),
      await service.request('GET', `/keys/${KEY}`, undefined, { key: `arm_${KEY}` }),
      await service.request('POST', '/rbac/check', { agent_id: KEY, tool_name: 'Read' }, { key: agentKey }),
      await service.request('POST', '/events/ingest', `{"operation_detail": "${KEY}" ${WORD}`),
    ];
    expect(refused.map(({ status }) => status >= 400 || status === 207)).toEqual(refused.map(() => true));
    for (const { body } of refused) expect(shownIn(JSON.stringify(body))).toEqual([]);
    await service.request('GET', `/agents?name=${KEY}&note=${TICKET}`);
  });

  it('has left none in any table, frame or line of the log', async () => {
    const frames = await eventsOf(service, listener, 'coder');
    expect(frames.length).toBeGreaterThan(10);
    expect(shownIn(JSON.stringify(frames))).toEqual([]);
    expect(logged.length).toBeGreaterThan(3);
    expect(shownIn(logged.join('\n'))).toEqual([]);
    const stored = await storedText(raw);
    expect(stored).toContain('[redacted] --password=[redacted]');
    // The policy's own document is stored, and names its patterns; none of them is a secret.
    expect(shownIn(stored)).toEqual([]);
  });
});
