import { Logger } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { DataSource } from 'typeorm';
import { aDeadLetter, aKey, register } from '../support/access-calls.js';
import { expectProblem, newestEntries } from '../support/answers.js';
import { eventually } from '../support/eventually.js';
import { openRaw } from '../support/opened-store.js';
import { walk } from '../support/pages.js';
import { type Answer, TestService } from '../support/service.js';
import { WebhookReceiver } from '../support/webhook-receiver.js';

const NO_ID = '019ab0de-7c1f-7f5a-9d25-2f0c5d9f3a11';

describe('sinks of the audit trail', () => {
  const logged: string[] = [];
  let service: TestService;
  let raw: DataSource;
  beforeAll(async () => {
    service = await TestService.start({ RBAC_ENABLED: 'true' });
    raw = await openRaw(service.store);
    const write = (...parts: unknown[]) => void logged.push(JSON.stringify(parts));
    Logger.overrideLogger({ log: write, error: write, warn: write, debug: write, verbose: write });
  });
  afterAll(async () => {
    Logger.overrideLogger(false);
    await raw.destroy();
    await service.remove();
  });

  const post = (path: string, body?: unknown): Promise<Answer> =>
    service.request('POST', `/audit/sinks${path}`, body);
  const create = async (name: string, more: object = {}): Promise<Answer['body']> =>
    (await post('', { name, target: 'http://127.0.0.1:9/hooks/s3cr3t-path?token=s3cr3t-query', ...more }))
      .body;

  it('are made, listed, changed and removed, each change with its entry', async () => {
    const { id: agent } = await register(service, 'coder');
    const answer = await post('', {
      ...{ name: 'siem 1', target: 'https://127.0.0.1:9/hooks', agent_id: 'coder' },
      ...{ operation_types: ['access.denied', 'budget.*', 'budget.*'], decisions: ['denied'], from_seq: 1 },
    });
    const { secret, ...sink } = answer.body;
    expect([answer.status, answer.headers.get('cache-control'), secret]).toEqual([
      ...[201, 'no-store', expect.stringMatching(/^whsec_[A-Za-z0-9+/]{43}=$/)],
    ]);
    expect(sink).toEqual({
      ...{ sink_id: expect.any(String), name: 'siem 1', kind: 'webhook', target: 'https://127.0.0.1:9/…' },
      filter: {
        ...{ agent_id: agent, operation_types: ['access.denied', 'budget.*'], decisions: ['denied'] },
        source: null,
      },
      ...{ state: 'active', delivered_to: 0, lag: sink.lag, failures: 0, failing_since: null },
      ...{ next_attempt_at: null, last_error: null, last_delivered_at: null, dead_letters: 0 },
      ...{ previous_secret_until: null, created_by: 'admin', created_at: expect.any(String) },
    });
    const path = `/${sink.sink_id}`;
    expect((await post(`${path}/pause`)).body).toMatchObject({ sink_id: sink.sink_id, state: 'paused' });
    expect((await post(`${path}/resume`)).body).toMatchObject({ state: 'active' });
    const rotated = await post(`${path}/rotate-secret`, { grace_s: 60 });
    expect([rotated.status, rotated.body.secret === secret]).toEqual([201, false]);
    expect(Date.parse(rotated.body.previous_secret_until)).toBeGreaterThan(Date.now());
    const listed = (await service.request('GET', '/audit/sinks')).body;
    expect(listed).toEqual([(await service.request('GET', `/audit/sinks${path}`)).body]);
    expect((await service.request('DELETE', `/audit/sinks${path}`)).status).toBe(204);
    expectProblem(await service.request('GET', `/audit/sinks${path}`), 404, 'SINK_NOT_FOUND');

    const entries = (await newestEntries(service, 5)) as Answer['body'][];
    expect(entries.map(({ operation }) => operation.type)).toEqual(
      ['delete', 'rotate', 'resume', 'pause', 'create'].map((change) => `audit.sink_${change}`),
    );
    for (const { target, context } of entries) {
      expect(target).toEqual({ type: 'sink', resource: sink.sink_id });
      expect(context).toMatchObject({ kind: 'webhook', host: '127.0.0.1', filter: sink.filter });
    }
  });

  it('show what may be secret nowhere: not in answers, entries, the log of the process and, but for the target, the store', async () => {
    const sink = await create('secretive');
    await eventually('a failure', async () => {
      const { body } = await service.request('GET', `/audit/sinks/${sink.sink_id}`);
      return body.failures > 0 && body.last_error !== null;
    });
    const rotated = (await post(`/${sink.sink_id}/rotate-secret`, {})).body;
    const shown = await Promise.all(
      ['/audit/sinks', `/audit/sinks/${sink.sink_id}`, '/events/audit?limit=100'].map(async (path) =>
        JSON.stringify((await service.request('GET', path)).body),
      ),
    );
    const rows = await Promise.all(
      ['agent_audit_log', 'audit_dead_letters', 'idempotency_keys'].map((table) =>
        raw.query<unknown[]>(`SELECT * FROM ${table}`),
      ),
    );
    const [stored] = await raw.query<{ target: string }[]>('SELECT * FROM audit_sinks');
    const texts = [
      ...shown,
      JSON.stringify(rows),
      JSON.stringify({ ...stored, target: '' }),
      logged.join('\n'),
    ];
    const secrets = [sink.secret, rotated.secret].flatMap((secret: string) => [secret, secret.slice(6, 30)]);
    for (const secret of [...secrets, 's3cr3t-path', 's3cr3t-query'])
      for (const text of texts) expect(text.includes(secret)).toBe(false);
    expect(stored?.target).toContain('s3cr3t-query');
    await service.request('DELETE', `/audit/sinks/${sink.sink_id}`);
  });

  it.each([
    ['a password in its target', { target: 'https://u:p@siem.example/' }, 'target'],
    ['a link-local target', { target: 'http://169.254.169.254/latest/meta-data' }, 'target'],
    ['a target of another scheme', { target: 'file:///etc/passwd' }, 'target'],
    ['no target', { target: undefined }, 'target'],
    ['a name that is none', { name: 'a\nb' }, 'name'],
    ['a source that is none', { source: 'told' }, 'source'],
    ['a decision that is none', { decisions: ['perhaps'] }, 'decisions'],
    ['a type that stands for all', { operation_types: ['*'] }, 'operation_types'],
    ['too many types', { operation_types: Array.from({ length: 101 }, String) }, 'operation_types'],
    ['a beginning that is still to come', { from_seq: 1e15 }, 'from_seq'],
    ['a secret of its own', { secret: 'whsec_x' }, 'secret'],
  ])('are refused with %s', async (_what, more, field) => {
    expectProblem(
      await post('', { name: 'bad', target: 'https://siem.example/', ...more }),
      422,
      'VALIDATION_FAILED',
      field,
    );
  });

  it('have names of their own, and are not too many', async () => {
    const made: string[] = [];
    for (let n = 0; n < 20; n += 1) made.push((await create(`n${n}`, { operation_types: ['none'] })).sink_id);
    expectProblem(await post('', { name: 'n3', target: 'https://a/' }), 409, 'SINK_NAME_TAKEN');
    expectProblem(await post('', { name: 'n20', target: 'https://a/' }), 409, 'TOO_MANY_SINKS');
    const { rows } = await walk(service, '/audit/sinks?limit=7');
    expect(rows.map(({ sink_id }) => sink_id)).toEqual(made.reverse());
    for (const id of made) await service.request('DELETE', `/audit/sinks/${id}`);
  });

  it('list their dead letters page by page, and take them along when they go', async () => {
    const sink = await create('dead', { operation_types: ['none'] });
    const ids: string[] = [];
    for (let n = 0; n < 5; n += 1) ids.push(await aDeadLetter(service, sink.sink_id as string));
    const { pages, rows } = await walk(service, `/audit/sinks/${sink.sink_id}/dead-letters?limit=2`);
    expect(pages.map((page) => page.length)).toEqual([2, 2, 1]);
    expect(rows.map(({ dead_letter_id }) => dead_letter_id)).toEqual([...ids].reverse());
    expectProblem(
      await post(`/${sink.sink_id}/dead-letters/${NO_ID}/redeliver`),
      404,
      'DEAD_LETTER_NOT_FOUND',
    );
    expectProblem(await post(`/${NO_ID}/dead-letters/${ids[0]}/redeliver`), 404, 'SINK_NOT_FOUND');
    expectProblem(await service.request('GET', `/audit/sinks/${NO_ID}/dead-letters`), 404, 'SINK_NOT_FOUND');
    await service.request('DELETE', `/audit/sinks/${sink.sink_id}`);
    expect(await raw.query('SELECT * FROM audit_dead_letters')).toEqual([]);
  });

  it('of syslog have no secret', async () => {
    const sink = await create('syslog', { target: 'syslog+tcp://127.0.0.1:9' });
    expectProblem(await post(`/${sink.sink_id}/rotate-secret`, {}), 409, 'SINK_HAS_NO_SECRET');
    await service.request('DELETE', `/audit/sinks/${sink.sink_id}`);
  });

  it.each(['developer', 'security', 'analyst'])('are nothing for the role %s', async (role) => {
    const { secret: key } = await aKey(service, role);
    expectProblem(await service.request('GET', '/audit/sinks', undefined, { key }), 403, 'FORBIDDEN');
    const body = { name: 'x', target: 'https://a/' };
    expectProblem(await service.request('POST', '/audit/sinks', body, { key }), 403, 'FORBIDDEN');
  });

  it('take a known principal', async () => {
    const open = await TestService.start();
    const calls = [
      ['GET', ''],
      ['POST', ''],
      ['DELETE', `/${NO_ID}`],
      ['POST', `/${NO_ID}/resume`],
      ['GET', `/${NO_ID}/dead-letters`],
    ];
    for (const [method = '', path = ''] of calls) {
      const body = method === 'POST' ? {} : undefined;
      expectProblem(await open.request(method, `/audit/sinks${path}`, body), 403, 'RBAC_REQUIRED');
    }
    await open.remove();
  });

  it('are not delivered to with another key than their secret was made with', async () => {
    const receiver = await WebhookReceiver.start();
    const sink = await create('moved', { target: receiver.url });
    await service.stop();
    const other = { RBAC_ENABLED: 'true', SINK_KEY_FILE: `${service.store.folder}/other-key` };
    service = await TestService.start(other, service.store);
    receiver.posts.length = 0;
    await service.request('POST', '/events/ingest', {});
    const standing = async () => (await service.request('GET', `/audit/sinks/${sink.sink_id}`)).body;
    await eventually('the failure', async () => (await standing()).failures > 0);
    expect([(await standing()).last_error, receiver.posts]).toEqual([
      expect.stringContaining('SINK_KEY_FILE'),
      [],
    ]);
    await post(`/${sink.sink_id}/rotate-secret`, {});
    await eventually('the delivery', async () => (await standing()).lag === 0);
    await receiver.close();
  });
});
