import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parse, stringify } from 'yaml';
import { policyFile } from '#rbac';
import { aKey, register } from '../support/access-calls.js';
import { eventually } from '../support/eventually.js';
import { httpRoutesOf } from '../support/routes.js';
import { ADMIN_KEY, TestService } from '../support/service.js';
import { listen } from '../support/stream.js';

const DEFAULT = readFileSync(policyFile({ policyFile: null }), 'utf8');

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- the tests put in what the document must not hold
function changed(change: (document: any) => void): string {
  const document: unknown = parse(DEFAULT);
  change(document);
  return stringify(document, { aliasDuplicateObjects: false });
}

/** Developers may write documentation, and nothing else. */
const DOCS_ONLY = changed((d) => (d.roles.developer.paths = ['docs/**']));

describe('the policy', () => {
  const folder = mkdtempSync(join(tmpdir(), 'policy-'));
  const file = join(folder, 'policy.yaml');
  let service: TestService;
  let second: TestService;
  let key: string;
  beforeAll(async () => {
    writeFileSync(file, DEFAULT);
    service = await TestService.start({ RBAC_ENABLED: 'true', POLICY_FILE: file });
    second = await TestService.start({ RBAC_ENABLED: 'true', POLICY_FILE: file }, service.store);
    key = (await aKey(service, 'developer', await register(service, 'coder'))).secret;
  });
  afterAll(async () => {
    await second.stop();
    await service.remove();
    rmSync(folder, { recursive: true });
  });

  const check = async (of: TestService, file_path: string) =>
    (await of.request('POST', '/rbac/check', { tool_name: 'Write', file_path }, { key })).body;

  it('is put in force by a reload, on every instance, and decides from then on', async () => {
    const before = await check(service, 'docs/a.md');
    expect(before.decision).toBe('denied');
    writeFileSync(file, DOCS_ONLY);
    const { status, body } = await service.request('POST', '/policy/reload');
    expect({ status, previous: body.previous }).toEqual({ status: 200, previous: before.policy_version });
    const after = await check(service, 'docs/a.md');
    expect(after).toMatchObject({ decision: 'allowed', policy_version: body.version });
    expect((await check(service, 'src/a.ts')).decision).toBe('denied');
    await eventually(
      'the other instance to follow',
      async () => (await check(second, 'docs/a.md')).decision === 'allowed',
    );
    const { body: entries } = await service.request('GET', '/events/audit?operation_type=policy.load');
    expect(entries).toHaveLength(1);
    expect(entries[0].context).toEqual({ version: body.version, previous: body.previous });
  });

  it('stays as it was where the new one is not valid, which is told with its places', async () => {
    const { version } = (await service.request('GET', '/policy')).body;
    const broken = DOCS_ONLY.replace('level: 8', 'level: high');
    writeFileSync(file, broken);
    const { status, body } = await service.request('POST', '/policy/reload');
    const line = broken.split('\n').findIndex((text) => text.includes('level: high')) + 1;
    expect({ status, code: body.code }).toEqual({ status: 422, code: 'POLICY_INVALID' });
    expect(body.errors[0].message).toMatch(
      new RegExp(`^policy\\.yaml:${line}:\\d+: .*number.*roles\\.developer\\.level`),
    );
    rmSync(file);
    expect((await service.request('POST', '/policy/reload')).status).toBe(422);
    expect((await service.request('GET', '/policy')).body.version).toBe(version);
  });

  it('is kept in every version that decided', async () => {
    const { body: versions } = await service.request('GET', '/policy/versions');
    expect(versions).toHaveLength(2);
    const documents = await Promise.all(
      versions.map(
        async ({ version }: { version: string }) =>
          (await service.request('GET', `/policy/versions/${version}`)).body.document,
      ),
    );
    expect(documents).toEqual([DOCS_ONLY, DEFAULT]);
    expect((await service.request('GET', '/policy/versions/%00')).status).toBe(404);
  });

  it('closes the streams, on every instance, of whoever may no longer read them', async () => {
    const { secret } = await aKey(service, 'analyst');
    const knows = async () =>
      (await second.request('GET', '/agents', undefined, { key: secret })).status === 200;
    await eventually('the other instance to know the key', knows);
    const ends = [await listen(service, '/ws', secret), await listen(second, '/ws', secret)];
    const stays = await listen(second, '/ws', ADMIN_KEY);
    const without = changed((d) => {
      const readers = d.http_permissions['stream:read'] as string[];
      d.http_permissions['stream:read'] = readers.filter((role) => role !== 'analyst');
    });
    writeFileSync(file, without);
    expect((await service.request('POST', '/policy/reload')).status).toBe(200);
    for (const { closed } of ends) expect(await closed).toMatchObject({ code: 1008 });
    writeFileSync(file, DEFAULT);
    expect((await service.request('POST', '/policy/reload')).status).toBe(200);
    expect(stays.ws.readyState).toBe(stays.ws.OPEN);
    stays.ws.terminate();
  });
});

describe('what a policy gives', () => {
  let service: TestService;
  beforeAll(async () => {
    service = await TestService.start();
  });
  afterAll(() => service.remove());

  it('is shown by role', async () => {
    const { body } = await service.request('GET', '/rbac/roles');
    expect(body).toHaveLength(10);
    expect((await service.request('GET', '/rbac/roles/tester')).body).toMatchObject({
      role: 'tester',
      path_scopes: ['tests/**', 'e2e/**', '**/*.test.*', '**/*.spec.*'],
      can_access_secrets: false,
      max_cost_per_day: 20,
    });
    expect((await service.request('GET', '/rbac/roles/root')).status).toBe(404);
  });

  it('is shown by agent, role and own rules taken together', async () => {
    await register(service, 'narrow', {
      rbac_allowed_tools: ['Read', 'WebFetch'],
      rbac_denied_tools: ['Bash'],
      rbac_path_scopes: ['src/a/**'],
    });
    expect((await service.request('GET', '/rbac/effective/narrow')).body).toMatchObject({
      agent_name: 'narrow',
      role: 'developer',
      tools: ['Read'],
      denied_tools: ['Bash'],
      path_scopes: ['src/**', 'tests/**', 'scripts/**', 'config/**'],
      own_path_scopes: ['src/a/**'],
      trusted: true,
    });
    expect((await service.request('GET', '/rbac/effective/nobody')).status).toBe(404);
  });

  it('is shown by route, all of them', async () => {
    const { body } = await service.request('GET', '/rbac/coverage');
    const routes = (body as { method: string; path: string }[]).map(
      ({ method, path }) => `${method} ${path}`,
    );
    const served = httpRoutesOf(service).filter((route) => !/ \/(docs(?!\/stream)|openapi)/.test(route));
    expect(routes.sort()).toEqual(served.sort());
    expect(body).toContainEqual({
      method: 'POST',
      path: '/api/v1/policy/reload',
      permission: 'policy:manage',
      roles: ['admin'],
      agent_keys: false,
    });
    expect(body).toContainEqual(
      expect.objectContaining({ method: 'GET', path: '/health', permission: null }),
    );
  });
});

describe('a simulation', () => {
  let service: TestService;
  beforeAll(async () => {
    service = await TestService.start();
    await register(service, 'coder');
  });
  afterAll(() => service.remove());

  const simulate = async (body: Record<string, unknown>) => {
    const { status, body: text, headers } = await service.request('POST', '/rbac/simulate', body);
    if (status !== 200) return { status, problem: text, lines: [] };
    expect(headers.get('content-type')).toContain('application/x-ndjson');
    const lines = (text as string)
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    return { status, problem: null, lines };
  };

  it('tells what a policy would have decided otherwise, and changes nothing', async () => {
    const ask = (file_path: string, tool_name = 'Write') =>
      service.request('POST', '/rbac/check', { agent_id: 'coder', tool_name, file_path });
    for (let i = 0; i < 7; i += 1) await ask(`src/${i}.ts`);
    for (let i = 0; i < 5; i += 1) await ask(`docs/${i}.md`);
    await ask('/etc/passwd', 'Read');
    await service.request('POST', '/rbac/check', {
      agent_id: 'coder',
      tool_name: 'Bash',
      command: 'git push origin main',
    });
    const stats = async () => (await service.request('GET', '/events/audit/stats')).body;
    const before = await stats();
    const { lines } = await simulate({ policy: DOCS_ONLY });
    expect(lines[0]).toEqual({ type: 'progress', done: 0, total: 14 });
    expect(lines.at(-1)).toMatchObject({
      type: 'result',
      decisions: 14,
      skipped: 0,
      unchanged: 2,
      changed: 12,
      changes: { 'allowed → denied': 7, 'denied → allowed': 5 },
    });
    expect((lines.at(-1) as { differences: unknown[] }).differences[0]).toMatchObject({
      agent_name: 'coder',
      tool_name: 'Write',
      was: 'allowed',
      would_be: 'denied',
      rule: 'path.outside_role',
    });
    expect(await stats()).toEqual(before);
    expect((await simulate({ policy: DEFAULT })).lines.at(-1)).toMatchObject({ changed: 0, unchanged: 14 });
  });

  it('keeps to a range of time and to an agent', async () => {
    const count = async (body: Record<string, unknown>) =>
      ((await simulate({ policy: DEFAULT, ...body })).lines.at(-1) as { decisions: number }).decisions;
    const now = new Date().toISOString();
    expect(await count({ end_date: now })).toBe(14);
    expect(await count({ start_date: now })).toBe(0);
    expect(await count({ agent_id: 'coder' })).toBe(14);
    expect(await count({ agent_id: 'nobody' })).toBe(0);
  });

  it('refuses a policy that is not valid', async () => {
    expect(await simulate({ policy: 'roles: [' })).toMatchObject({
      status: 422,
      problem: { code: 'POLICY_INVALID' },
    });
    expect(await simulate({})).toMatchObject({ status: 422, problem: { code: 'VALIDATION_FAILED' } });
  });
});
