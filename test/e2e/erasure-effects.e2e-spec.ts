import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { DataSource } from 'typeorm';
import { expectProblem } from '../support/answers.js';
import { Erasing } from '../support/erasing.js';
import { eventually } from '../support/eventually.js';
import { rootByInclusion } from '../support/merkle-proofs.js';
import { openRaw } from '../support/opened-store.js';
import { type Answer, TestService } from '../support/service.js';

type Body = Answer['body'];

describe('what hangs on an entry whose texts are erased', () => {
  let service: TestService;
  let test: Erasing;
  let raw: DataSource;
  beforeAll(async () => {
    service = await TestService.start({ RBAC_ENABLED: 'true' });
    raw = await openRaw(service.store);
    test = await Erasing.in(service);
  });
  afterAll(async () => {
    await raw.destroy();
    await service.remove();
  });

  const erase: Erasing['erase'] = (...args) => test.erase(...args);

  it('waits for whoever is to decide; then the request stands for nothing more', async () => {
    const asked = {
      ...{ agent_id: 'coder', tool_name: 'Bash', tool_input: { command: 'git push origin main' } },
      ...{ session_id: 's-1', cwd: '/home/shop' },
    };
    const check = async (): Promise<Body> =>
      (await service.request('POST', '/rbac/check', asked, { key: test.agentKey })).body;
    const { decision_id, approval } = await check();
    expectProblem(await erase(decision_id), 409, 'APPROVAL_PENDING');
    const { body: requests } = await service.request(
      'GET',
      '/events/audit?operation_type=approval.request&limit=1',
    );
    expectProblem(await erase(requests[0].audit_id), 409, 'APPROVAL_PENDING');
    const path = `/approvals/${approval.approval_id}`;
    const { body: shown } = await service.request('GET', path);
    expect(shown).toMatchObject({ status: 'pending', redacted: false, cwd: '/home/shop' });
    const { request_hash } = shown;
    await service.request(
      'POST',
      `${path}/approve`,
      { request_hash, comment: 'fine' },
      { key: test.person.secret },
    );
    const { body } = await erase(decision_id);
    expect(body.erased).toContainEqual({ what: 'approvals', rows: 1 });
    expect((await service.request('GET', path)).body).toMatchObject({
      ...{ status: 'expired', redacted: true, tool_input: '', tool_name: '', reason: '', request_hash: '' },
      ...{ cwd: null, root: null, session_id: null, comment: null, decided_by: test.person.id },
    });
    // Whoever asks again asks anew.
    expect((await check()).approval.approval_id).not.toBe(approval.approval_id);
  });

  it('erases what was said to a request, and leaves the request', async () => {
    const asked = { tool_name: 'Bash', tool_input: { command: 'git push origin main # two' } };
    const { body: check } = await service.request('POST', '/rbac/check', asked, { key: test.agentKey });
    const path = `/approvals/${check.approval.approval_id}`;
    await service.request('POST', `${path}/deny`, { comment: 'a private word' }, { key: test.person.secret });
    const { body: said } = await service.request(
      'GET',
      '/events/audit?operation_type=approval.decide&limit=1',
    );
    expect((await erase(said[0].audit_id)).status).toBe(200);
    const { body } = await service.request('GET', path);
    expect(body).toMatchObject({ status: 'denied', redacted: true, comment: null, tool_name: 'Bash' });
    expect(body.tool_input).toContain('git push');
  });

  it('takes a charge out of the sum of its session alone', async () => {
    const charge = async (tokens_used: number): Promise<void> => {
      const sent = { agent_id: 'coder', tool_name: 'Task', tokens_used, cost_usd: 0.25, session_id: 'sum' };
      await service.request('POST', '/budget/deduct', sent);
    };
    const sums = async (): Promise<unknown> => {
      const rows = await raw.query<{ tokens_used: number | string }[]>(
        "SELECT tokens_used FROM budget_usage WHERE day = 'session:sum'",
      );
      return rows.map(({ tokens_used }) => Number(tokens_used));
    };
    await charge(5);
    await charge(7);
    const { body: budget } = await service.request('GET', '/registry/agents/coder/budget');
    expect(await sums()).toEqual([12]);
    const { body: charges } = await service.request(
      'GET',
      '/events/audit?operation_type=budget.deduct&limit=2',
    );
    expect((await erase(charges[1].audit_id)).body.erased).toContainEqual({ what: 'charges', rows: 1 });
    expect(await sums()).toEqual([7]);
    await erase(charges[0].audit_id);
    expect(await sums()).toEqual([]);
    expect((await service.request('GET', '/registry/agents/coder/budget')).body).toEqual(budget);
  });

  it('leaves every proof valid, those made before and those made after', async () => {
    const entry = await test.anEntry();
    await service.request('POST', '/audit/checkpoint');
    const prove = async (): Promise<Body> =>
      (await service.request('GET', `/audit/entries/${entry.audit_id}`)).body;
    const before = await prove();
    const rootOf = ({ leaf, proof }: Body): string | undefined => {
      const hashes = proof.hashes.map((hash: string) => Buffer.from(hash, 'base64'));
      const leafHash = createHash('sha256').update('\0').update(leaf, 'base64').digest();
      return rootByInclusion(leafHash, proof.leaf_index, proof.tree_size, hashes)?.toString('base64');
    };
    expect(before.text.body).toContain('secretword');
    await erase(entry.audit_id);
    const after = await prove();
    expect(after).toEqual({
      ...{ ...before, text: null },
      entry: expect.objectContaining({ audit_id: entry.audit_id, redacted: true, context: null }),
    });
    expect([rootOf(before), rootOf(after)]).toEqual([before.proof.root, before.proof.root]);
    const held = `/audit/proof/inclusion?audit_id=${entry.audit_id}&size=${before.proof.tree_size}`;
    expect((await service.request('GET', held)).body.root).toBe(before.proof.root);
    await service.request('POST', '/audit/checkpoint');
    const grown = await prove();
    expect(rootOf(grown)).toBe(grown.proof.root);
    await service.request('POST', '/audit/verify');
    let report: Body;
    await eventually('the verification', async () => {
      report = (await service.request('GET', '/audit/verify')).body;
      return report.state !== 'running';
    });
    expect(report.report).toMatchObject({ intact: true, findings: [] });
    const { body: stats } = await service.request(
      'GET',
      '/events/audit?operation_type=audit.erase&limit=500',
    );
    expect(report.report.entries_erased).toBe(stats.length);
  });

  it('leaves a session without a root, and none that a later directory could take', async () => {
    const ask = async (cwd: string): Promise<Body> => {
      const asked = { tool_name: 'Read', file_path: 'src/a.ts', session_id: 'rooted', cwd };
      return (await service.request('POST', '/rbac/check', asked, { key: test.agentKey })).body;
    };
    const first = await ask('/home/shop');
    const second = await ask('/home/shop/src');
    expect([first.decision, second.decision]).toEqual(['allowed', 'allowed']);
    // The one that set it has it, not those that came later.
    const roots = async (id: string): Promise<unknown> =>
      (await erase(id)).body.erased.find(({ what }: Body) => what === 'session_roots').rows;
    expect([await roots(second.decision_id), await roots(first.decision_id)]).toEqual([0, 1]);
    const denied = async (): Promise<void> => {
      const { decision, reason } = await ask('/home/elsewhere');
      expect([decision, reason]).toEqual(['denied', expect.stringContaining('the root')]);
    };
    await denied();
    await service.stop();
    service = await TestService.start({ RBAC_ENABLED: 'true' }, service.store);
    await denied();
  });
});
