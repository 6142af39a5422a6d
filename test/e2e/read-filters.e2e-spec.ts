import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { expectProblem } from '../support/answers.js';
import { eventually } from '../support/eventually.js';
import { walk } from '../support/pages.js';
import { type Answer, anAgent, TestService } from '../support/service.js';

const list = async (service: TestService, path: string): Promise<Answer['body'][]> => {
  const { status, body } = await service.request('GET', path);
  expect([path, status]).toEqual([path, 200]);
  return body as Answer['body'][];
};

describe('filters of the audit trail', () => {
  let service: TestService;
  let entries: Answer['body'][];
  beforeAll(async () => {
    service = await TestService.start();
    const ingest = (body: object, trace: string) =>
      service.request('POST', '/events/ingest', body, { headers: { 'x-request-id': trace } });
    await ingest({ agent_id: 'a', agent_role: 'tester', target_type: 'file' }, 'trace-1');
    await ingest({ agent_id: 'b', agent_role: 'tester', target_type: 'command' }, 'trace-2');
    await ingest({ agent_id: 'a', agent_role: 'analyst', target_type: 'file' }, 'trace-1');
    await ingest({ agent_id: 'c' }, '100%_');
    entries = await list(service, '/events/audit');
  });
  afterAll(() => service.remove());

  const seqs = async (query: string) => (await list(service, `/events/audit?${query}`)).map(({ seq }) => seq);
  const of = (keep: (entry: Answer['body']) => boolean) => entries.filter(keep).map(({ seq }) => seq);

  it('find by role, by what kind of thing it was done to, and by request, alone and together', async () => {
    expect(entries).toHaveLength(4);
    expect(await seqs('agent_role=tester')).toEqual(of(({ agent }) => agent.role === 'tester'));
    expect(await seqs('target_type=file')).toEqual(of(({ target }) => target.type === 'file'));
    expect(await seqs('trace_id=trace-1')).toEqual(of(({ trace_id }) => trace_id === 'trace-1'));
    expect(await seqs('trace_id=trace-1&agent_role=analyst&target_type=file&agent_id=a')).toHaveLength(1);
    for (const nothing of [
      'agent_role=Tester',
      'target_type=fil',
      'trace_id=trace',
      'trace_id=trace-%'.concat('25'),
    ])
      expect(await seqs(nothing)).toEqual([]);
  });

  it('find what was recorded in a half-open period', async () => {
    const [newest] = entries;
    const at = encodeURIComponent(newest.timestamp as string);
    expect(await seqs(`start_date=${at}`)).toEqual(of(({ timestamp }) => timestamp >= newest.timestamp));
    expect(await seqs(`end_date=${at}`)).toEqual(of(({ timestamp }) => timestamp < newest.timestamp));
    expect(await seqs(`start_date=${at}&end_date=${at}`)).toEqual([]);
    expect(await seqs('start_date=2020-01-01&end_date=2021-01-01')).toEqual([]);
    expect(await seqs('start_date=2020-01-01&end_date=9999-01-01&agent_role=tester')).toHaveLength(2);
    const { rows } = await walk(service, '/events/audit?limit=1&start_date=2020-01-01&end_date=9999-01-01');
    expect(rows.map(({ seq }) => seq)).toEqual(of(() => true));
  });

  it('refuse what is no time', async () => {
    for (const name of ['start_date', 'end_date'])
      expectProblem(
        await service.request('GET', `/events/audit?${name}=yesterday`),
        422,
        'VALIDATION_FAILED',
        name,
      );
  });
});

describe('filters of the registry', () => {
  let service: TestService;
  beforeAll(async () => {
    service = await TestService.start();
    const agents = [
      { name: 'alpha', role_reasoning: 'Writes 100% of the API_docs', metadata_tags: ['x"a', 'Übung'] },
      { name: 'beta', role: 'tester', capabilities: ['code', 'run "it"'], metadata_tags: ['a'] },
      { name: 'gamma', role_reasoning: 'writes c:\\temp', metadata_category: 'Research', capabilities: [] },
      { name: 'delta', metadata_tags: ['A', '%'] },
    ];
    for (const agent of agents)
      expect((await service.request('POST', '/agents', anAgent(agent))).status).toBe(201);
    await service.request('POST', '/agents', anAgent({ name: 'omega', metadata_tags: ['a'] }));
    await service.request('DELETE', '/agents/omega');
    for (const [agent, share] of Object.entries({ gamma: 0.85, beta: 1.5 })) {
      await service.request('PUT', `/agents/${agent}`, { budget_max_cost_per_day: 1 });
      await service.request('POST', '/budget/deduct', { agent_id: agent, tokens_used: 1, cost_usd: share });
    }
  });
  afterAll(() => service.remove());

  it.each([
    ['q=ALPHA', ['alpha']],
    ['q=eT', ['beta']],
    ['q=test', ['beta']],
    ['q=writes', ['alpha', 'gamma']],
    ['q=RESEARCH', ['gamma']],
    ['q=100%25', ['alpha']],
    ['q=%25', ['alpha']],
    ['q=_', ['alpha']],
    ['q=api_docs', ['alpha']],
    ['q=%5C', ['gamma']],
    ['q=c:%5CTEMP', ['gamma']],
    ["q='", []],
    ['q=omega', []],
    ['tag=a', ['beta']],
    ['tag=A', ['delta']],
    ['tag=x%22a', ['alpha']],
    ['tag=%C3%9Cbung', ['alpha']],
    ['tag=%25', ['delta']],
    ['tag=x', []],
    ['capability=code', ['alpha', 'beta', 'delta']],
    ['capability=run+%22it%22', ['beta']],
    ['capability=cod', []],
    ['capability=code&q=writes&tag=x%22a', ['alpha']],
    ['capability=code&role=tester', ['beta']],
    ['status=ok', ['alpha', 'delta']],
    ['status=soft_limit', ['gamma']],
    ['status=exceeded', ['beta']],
    ['status=paused', []],
    ['status=ok&q=writes', ['alpha']],
    ['q=&tag=&capability=&status=', ['alpha', 'beta', 'delta', 'gamma']],
  ])('find by %s', async (query, names) => {
    const { body, headers } = await service.request('GET', `/agents?${query}`);
    expect(body.map(({ name }: Answer['body']) => name)).toEqual(names);
    expect(headers.get('x-total-count')).toBe(String(names.length));
    const { rows } = await walk(service, `/agents?${query}&limit=1`);
    expect(rows.map(({ name }) => name)).toEqual(names);
  });
});

describe('words in the audit trail', () => {
  let service: TestService;
  beforeAll(async () => {
    service = await TestService.start();
  });
  afterAll(() => service.remove());

  it('are found in the detail, the target and the reason', async () => {
    const event = {
      operation_detail: 'Bash: git push origin/main',
      target_resource: 'src/Hafenstraße.ts',
      rbac_reason: 'No push on Fridays',
    };
    const { body } = await service.request('POST', '/events/ingest', { ...event, agent_id: 'words' });
    const found = async (q: string, more = ''): Promise<unknown[]> => {
      return (await list(service, `/events/audit?q=${encodeURIComponent(q)}${more}`)).map(({ id }) => id);
    };
    await eventually('the entry is found', async () => (await found('fridays')).length > 0);
    for (const q of ['PUSH', 'git main', 'hafenstraße ts fridays', '"push" -git (no) OR:*', "no' & push"])
      expect([q, await found(q, '&agent_id=words')]).toEqual([q, q.includes('OR') ? [] : [body.id]]);
    for (const q of ['pus', 'push thursdays', 'operation_detail', 'tool_use'])
      expect([q, await found(q)]).toEqual([q, []]);
    expect(await found('push', '&agent_id=a')).toEqual([]);
    expect(await found('push', '&rbac_decision=denied')).toEqual([]);
  });

  it('are needed, and not too many characters of them', async () => {
    for (const q of [' ', '*', '-- "', 'x'.repeat(201)])
      expectProblem(
        await service.request('GET', `/events/audit?q=${encodeURIComponent(q)}`),
        422,
        'VALIDATION_FAILED',
      );
  });
});
