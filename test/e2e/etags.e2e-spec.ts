import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { expectProblem, logSize } from '../support/answers.js';
import { HeldClock } from '../support/budgets.js';
import { QUIET_POLICY } from '../support/quiet-policy.js';
import { type Answer, anAgent, TestService } from '../support/service.js';

const TAG = /^"([1-9]\d*)-[\w-]{16}"$/;

describe('the ETag of an agent', () => {
  const folder = mkdtempSync(join(tmpdir(), 'etags-'));
  const file = join(folder, 'policy.yaml');
  let service: TestService;
  let clock: HeldClock;
  let count = 0;
  beforeAll(async () => {
    writeFileSync(file, QUIET_POLICY);
    service = await TestService.start({ RBAC_ENABLED: 'true', POLICY_FILE: file });
    clock = new HeldClock(service, '2026-01-31T12:00:00.000Z');
  });
  afterAll(async () => {
    await service.remove();
    rmSync(folder, { recursive: true });
  });

  const register = async (): Promise<string> => {
    const { status, body } = await service.request('POST', '/agents', anAgent({ name: `tagged-${++count}` }));
    expect(status).toBe(201);
    return body.name as string;
  };
  const read = (path: string, header?: string): Promise<Answer> =>
    service.request(
      'GET',
      path,
      undefined,
      header === undefined ? {} : { headers: { 'if-none-match': header } },
    );
  const tagOf = async (name: string): Promise<string> => {
    const tag = (await read(`/agents/${name}`)).headers.get('etag');
    expect(tag).toMatch(TAG);
    return tag!;
  };
  const put = (name: string, body: object, ifMatch?: string): Promise<Answer> =>
    service.request(
      'PUT',
      `/agents/${name}`,
      body,
      ifMatch === undefined ? {} : { headers: { 'if-match': ifMatch } },
    );
  const versionOf = (tag: string): number => Number(TAG.exec(tag)![1]);

  it('is the same on either path, and stays while nothing changes', async () => {
    const name = await register();
    const { body, headers } = await read(`/agents/${name}`);
    const etag = headers.get('etag');
    expect(etag).toMatch(TAG);
    expect(versionOf(etag!)).toBe(1);
    expect(headers.get('cache-control')).toBe('private, no-cache');
    for (const path of [`/agents/name/${name}`, `/agents/${body.agent_id}`, `/agents/${name}`])
      expect((await read(path)).headers.get('etag')).toBe(etag);
  });

  const post = (path: string, body: object) => service.request('POST', path, body);
  const CHANGES: readonly [what: string, version: number, change: (name: string) => Promise<unknown>][] = [
    ['a change of the agent', 1, (name) => put(name, { role_reasoning: 'new' })],
    ['an activation', 0, (name) => post(`/agents/${name}/activate`, {})],
    ['a completed task', 0, (name) => post(`/agents/${name}/complete`, { success: true })],
    ['a failed task', 0, (name) => post(`/agents/${name}/complete`, { success: false })],
    [
      'a metric that says how long',
      0,
      (name) => post('/metrics', { agent_id: name, metric_type: 'execution', execution_time_ms: 3 }),
    ],
    [
      'a metric of quality',
      0,
      (name) => post('/metrics', { agent_id: name, metric_type: 'quality', quality_score: 0.5 }),
    ],
    [
      'a metric of cost',
      0,
      (name) => post('/metrics', { agent_id: name, metric_type: 'cost', cost_usd: 0.01 }),
    ],
    ['a charge', 0, (name) => post('/budget/deduct', { agent_id: name, tokens_used: 1, cost_usd: 0 })],
    [
      'midnight',
      0,
      () => {
        clock.set('2026-02-01T00:00:00.000Z');
        return Promise.resolve();
      },
    ],
    [
      'another policy, as far as the role passes it on',
      0,
      () => {
        writeFileSync(file, QUIET_POLICY.replaceAll('src/**', 'source/**'));
        return service.request('POST', '/policy/reload', {});
      },
    ],
  ];

  it.each(CHANGES)('changes with %s', async (_what, bumps, change) => {
    const name = await register();
    clock.advance(1_000);
    const before = await read(`/agents/${name}`);
    const old = before.headers.get('etag')!;
    expect((await read(`/agents/${name}`, old)).status).toBe(304);
    await change(name);
    const after = await read(`/agents/${name}`, old);
    expect(after.status).toBe(200);
    expect(after.body).not.toEqual(before.body);
    const tag = after.headers.get('etag')!;
    expect(tag).not.toBe(old);
    expect(versionOf(tag)).toBe(versionOf(old) + bumps);
    expect((await read(`/agents/${name}`, tag)).status).toBe(304);
  });

  it('does not change with what the answer does not show', async () => {
    const [name, other] = [await register(), await register()];
    const tag = await tagOf(name);
    clock.advance(1_000);
    await post('/metrics', { agent_id: name, metric_type: 'execution', api_calls: 3 });
    await post('/metrics', { agent_id: name, metric_type: 'execution', cost_usd: 3, tokens_used: 5 });
    await post('/budget/deduct', { agent_id: name, tokens_used: 0, cost_usd: 0 });
    await post('/events/ingest', { agent_id: name, cost_usd: 1 });
    await post(`/agents/${other}/complete`, { success: true });
    await put(other, { role_reasoning: 'new' });
    expect(await tagOf(name)).toBe(tag);
  });

  it('spares a client the answer that it has, whatever way it says so', async () => {
    const name = await register();
    const tag = await tagOf(name);
    for (const header of [tag, `W/${tag}`, `"x", ${tag}`, `"x,y" ,W/${tag},`, '*']) {
      const answer = await read(`/agents/name/${name}`, header);
      expect([header, answer.status, answer.body]).toEqual([header, 304, '']);
      expect(answer.headers.get('etag')).toBe(tag);
      expect(answer.headers.get('content-type')).toBeNull();
    }
    for (const header of ['"x"', tag.slice(1, -1), tag.replace('1-', '2-'), '"1"', `x${tag}`])
      expect([header, (await read(`/agents/name/${name}`, header)).status]).toEqual([header, 200]);
    expectProblem(await read('/agents/nobody', '*'), 404, 'AGENT_NOT_FOUND');
  });

  describe('with If-Match', () => {
    it('lets a change through while the version stands, whatever was used since', async () => {
      const name = await register();
      const tag = await tagOf(name);
      await post('/budget/deduct', { agent_id: name, tokens_used: 1, cost_usd: 1 });
      await post(`/agents/${name}/complete`, { success: true });
      expect(await tagOf(name)).not.toBe(tag);
      expect((await put(name, { role_reasoning: 'mine' }, tag)).status).toBe(200);
    });

    it('refuses what would undo another change, and changes nothing then', async () => {
      const name = await register();
      const tag = await tagOf(name);
      await put(name, { role_reasoning: 'theirs' });
      const [size, now] = [await logSize(service), await tagOf(name)];
      const refused = await put(name, { role_reasoning: 'mine' }, tag);
      expectProblem(refused, 412, 'PRECONDITION_FAILED');
      expect((await read(`/agents/${name}`)).body.role_reasoning).toBe('theirs');
      expect([await logSize(service), await tagOf(name)]).toEqual([size, now]);
      expect((await put(name, { role_reasoning: 'mine' }, now)).status).toBe(200);
    });

    it('lets one of many through that read the same', async () => {
      const name = await register();
      const tag = await tagOf(name);
      const answers = await Promise.all(
        Array.from({ length: 8 }, (_, i) => put(name, { role_reasoning: `r-${i}` }, tag)),
      );
      expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array<number>(7).fill(412)]);
      const { role_reasoning } = (await read(`/agents/${name}`)).body;
      expect(role_reasoning).toBe(answers.find(({ status }) => status === 200)!.body.role_reasoning);
    });

    it('compares strongly, and takes any of several tags, or all', async () => {
      const name = await register();
      const attempt = async (header: (tag: string) => string) =>
        (await put(name, {}, header(await tagOf(name)))).status;
      for (const good of [
        (tag: string) => tag,
        (tag: string) => `"999-x", ${tag}`,
        (tag: string) => `W/"1-x",${tag},`,
        () => '*',
        (tag: string) => `"${versionOf(tag)}-whatever"`,
      ])
        expect(await attempt(good)).toBe(200);
      for (const bad of [
        (tag: string) => `W/${tag}`,
        (tag: string) => tag.slice(1, -1),
        (tag: string) => `"${versionOf(tag)}"`,
        (tag: string) => `"0${versionOf(tag)}-x"`,
        (tag: string) => `"${versionOf(tag)}.0-x"`,
        () => '"*"',
        () => '"-"',
        () => ',',
      ])
        expect(await attempt(bad)).toBe(412);
    });

    it('says first what is wrong without it', async () => {
      expectProblem(await put('nobody', {}, '"1-x"'), 404, 'AGENT_NOT_FOUND');
      expectProblem(await put('nobody', {}, '*'), 404, 'AGENT_NOT_FOUND');
      const name = await register();
      expectProblem(await put(name, { role: 'none' }, '"9-x"'), 422, 'VALIDATION_FAILED', 'role');
      const nobody = { key: 'no-key', headers: { 'if-match': '"9-x"' } };
      expectProblem(await service.request('PUT', `/agents/${name}`, {}, nobody), 401, 'UNAUTHENTICATED');
    });
  });

  it('is in no answer to a change, which was not stored as it was sent', async () => {
    const name = await register();
    expect((await put(name, { role_confidence: 1 })).headers.get('etag')).toBeNull();
  });
});
