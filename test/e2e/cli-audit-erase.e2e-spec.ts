import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { aKey, register } from '../support/access-calls.js';
import { build } from '../support/build.js';
import { eventually } from '../support/eventually.js';
import { databaseOf, OpenedStore, openRaw } from '../support/opened-store.js';
import { killLeftovers, runCli } from '../support/process.js';
import { type Answer, TestService } from '../support/service.js';
import { newTestStore } from '../support/store.js';
import { placesOf } from '../support/stored-text.js';

const MARK = 'zqmarkcli';

beforeAll(() => build(), 120_000);
afterAll(killLeftovers);

describe('audit erase', () => {
  it('erases all copies beside a running service, which shows it at once', async () => {
    const store = newTestStore();
    const service = await TestService.start({ RBAC_ENABLED: 'true' }, store);
    const key = (await aKey(service, 'developer', await register(service, 'coder'))).secret;
    const person = (await aKey(service, 'admin', undefined, { kind: 'human' })).secret;
    const asked = {
      ...{ tool_name: 'Bash', tool_input: { command: `git push origin main # ${MARK}` } },
      ...{ cwd: `/home/${MARK}`, session_id: 's-1' },
    };
    const headers = { 'idempotency-key': 'k-1' };
    const { body: check } = await service.request('POST', '/rbac/check', asked, { key, headers });
    const list = async (): Promise<Answer['body'][]> =>
      (await service.request('GET', '/events/audit?limit=9')).body;
    const erase = (id: string, ...args: string[]) => runCli(store, ['audit', 'erase', id, ...args]);
    await list();

    const refused = await erase(check.decision_id, '--reason', 'x');
    expect(refused).toMatchObject({ code: 1, stderr: 'An approval of this waits: decide it first.\n' });
    expect(await erase(check.decision_id)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('--reason'),
    });
    expect(await erase(check.decision_id, '--reason', ' ')).toMatchObject({ code: 1 });
    expect(await erase('none', '--reason', 'x')).toMatchObject({
      code: 1,
      stderr: 'No entry has the id "none".\n',
    });

    const path = `/approvals/${check.approval.approval_id}/deny`;
    await service.request('POST', path, { comment: MARK }, { key: person, headers });
    for (const { audit_id, operation } of await list()) {
      if (!/^(rbac|approval)\./.test(operation.type)) continue;
      const { code, stdout, stderr } = await erase(audit_id, '--reason', 'request 17');
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout).toMatch(/^erased the texts of entry \d+; entry \S+ says so\n {2}audit_trail: 1\n/);
      expect(stdout).toMatch(/\nnot reached:\n {2}other_entries: /);
      const entry = (await list()).find((each) => each.audit_id === audit_id);
      expect(entry).toMatchObject({ redacted: true, context: null, operation: { detail: null } });
    }
    const [record] = await list();
    expect(record).toMatchObject({
      ...{ operation: { type: 'audit.erase' }, route: 'cli audit erase' },
      principal: { id: expect.stringMatching(/^cli:/), kind: 'human', role: 'admin' },
      context: { reason: 'request 17' },
    });
    const raw = await openRaw(store);
    await eventually('that it is overwritten', async () => {
      const left = await raw.query<unknown[]>('SELECT seq FROM audit_erasures WHERE overwritten_at IS NULL');
      return left.length === 0;
    });
    expect(await placesOf(raw, MARK)).toEqual([]);
    expect(await runCli(store, ['audit', 'verify'])).toMatchObject({
      ...{ code: 0, stdout: expect.stringMatching(/^The log is intact: .*, [34] of them erased;/) },
    });
    await raw.destroy();
    await service.remove();
  });

  it('leaves no byte in the file of a store that nobody else has open', async () => {
    const store = newTestStore();
    const opened = await OpenedStore.open(store);
    const event = await opened.record({
      operationDetail: `x ${MARK}`,
      context: JSON.stringify({ note: MARK }),
    });
    await opened.close();
    expect(await runCli(store, ['audit', 'erase', event.auditId, '--reason', 'x'])).toMatchObject({
      code: 0,
    });
    const database = databaseOf(store);
    if (database.dialect === 'sqlite') expect(readFileSync(database.file).includes(MARK)).toBe(false);
    await store.remove();
  });
});
