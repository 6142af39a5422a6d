import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { build, PROJECT } from '../support/build.js';
import { eventually } from '../support/eventually.js';
import { killLeftovers, runCli } from '../support/process.js';
import { anAgent, TestService } from '../support/service.js';
import { newTestStore, type TestStore } from '../support/store.js';

const FIXTURES = join(PROJECT, 'test/fixtures/identity-files');
const SEED_TIMEOUT_MS = 60_000;

beforeAll(() => build(), 120_000);
afterAll(killLeftovers);

interface Report {
  readonly added: number;
  readonly updated: number;
  readonly unchanged: number;
  readonly left_out: number;
  readonly refused: number;
  readonly retired: string[];
  readonly dry_run: boolean;
  readonly duration_ms: number;
  readonly files: { path: string; status: string; name?: string; notes?: string[] }[];
}

describe('seed', () => {
  let store: TestStore;
  let service: TestService;
  let folder: string;
  beforeAll(async () => {
    store = newTestStore();
    service = await TestService.start({}, store);
    folder = mkdtempSync(join(tmpdir(), 'identity-files-'));
    cpSync(FIXTURES, folder, { recursive: true });
  });
  afterAll(async () => {
    await service.remove();
    rmSync(folder, { recursive: true });
  });

  async function seed(...args: string[]): Promise<{ code: number | null; report: Report }> {
    const { code, stdout, stderr } = await runCli(store, ['seed', '--from', folder, '--json', ...args]);
    expect(stderr).toBe('');
    return { code, report: JSON.parse(stdout) as Report };
  }
  const statuses = (report: Report): Record<string, string> =>
    Object.fromEntries(report.files.map((file) => [file.path.slice(0, 2), file.status]));
  const names = async (): Promise<string[]> =>
    ((await service.request('GET', '/agents')).body as { name: string }[]).map((agent) => agent.name);
  const agent = async (name: string) => (await service.request('GET', `/agents/${name}`)).body;
  const edit = (file: string, from: string, to: string): void => {
    const path = join(folder, file);
    writeFileSync(path, readFileSync(path, 'utf8').replace(from, to));
  };

  const FIRST: Readonly<Record<string, string>> = {
    '01': 'added',
    '02': 'added',
    '03': 'added',
    '04': 'added',
    '05': 'added',
    '06': 'added',
    '07': 'added',
    '08': 'added',
    '09': 'added',
    '10': 'left_out',
    '11': 'refused',
    '12': 'refused',
    '13': 'refused',
  };

  it(
    '--dry-run says what would be done and writes nothing',
    async () => {
      const { code, report } = await seed('--dry-run');
      expect(code).toBe(3);
      expect(report.dry_run).toBe(true);
      expect(statuses(report)).toEqual(FIRST);
      expect(await names()).toEqual([]);
      expect((await service.request('GET', '/events/audit')).body).toEqual([]);
    },
    SEED_TIMEOUT_MS,
  );

  it(
    'loads what can be loaded, tells of each file, and a running service sees it',
    async () => {
      const { code, report } = await seed();
      expect(code).toBe(3);
      expect(statuses(report)).toEqual(FIRST);
      expect(report).toMatchObject({
        added: 9,
        updated: 0,
        unchanged: 0,
        left_out: 1,
        refused: 3,
        retired: [],
        duration_ms: expect.any(Number),
      });
      const added = report.files.flatMap(({ status, name }) => (status === 'added' ? [name] : [])).sort();
      await eventually('the service to list the agents', async () => (await names()).length === 9);
      expect(await names()).toEqual(added);
      await eventually('the service to resolve a name', async () => {
        const { body } = await service.request('POST', '/events/ingest', { agent_id: 'wire-tapper' });
        return body.agent.role === 'security';
      });
    },
    SEED_TIMEOUT_MS,
  );

  it(
    'changes nothing where nothing changed',
    async () => {
      const before = (await service.request('GET', '/agents')).body;
      const { code, report } = await seed();
      expect(code).toBe(3);
      expect(report).toMatchObject({
        added: 0,
        updated: 0,
        unchanged: 9,
        left_out: 1,
        refused: 3,
        retired: [],
      });
      expect((await service.request('GET', '/agents')).body).toEqual(before);
    },
    SEED_TIMEOUT_MS,
  );

  it(
    'brings an edited file up to date and leaves usage and performance alone',
    async () => {
      const name = 'contract-designer';
      await service.request('POST', '/budget/deduct', { agent_id: name, tokens_used: 7, cost_usd: 0.5 });
      await service.request('POST', `/agents/${name}/complete`, { success: true, execution_time_ms: 12 });
      const before = await agent(name);
      expect(before).toMatchObject({
        budget: { cost_used_today: 0.5 },
        performance: { total_tasks_completed: 1 },
      });
      edit(
        '01-clean.md',
        'role_reasoning: "Designs server interfaces"',
        'role_reasoning: "Draws up contracts"',
      );
      const { report } = await seed();
      expect(report).toMatchObject({ added: 0, updated: 1, unchanged: 8 });
      const after = await agent(name);
      expect(after).toMatchObject({
        agent_id: before.agent_id,
        role_reasoning: 'Draws up contracts',
        budget: before.budget,
        performance: before.performance,
        timestamps: {
          created_at: before.timestamps.created_at,
          last_active_at: before.timestamps.last_active_at,
        },
      });
    },
    SEED_TIMEOUT_MS,
  );

  it(
    'gives files from elsewhere no secrets rights, unless --trust vouches for them',
    async () => {
      const notesOf = (report: Report): string =>
        (report.files.find((file) => file.name === 'wire-tapper')?.notes ?? []).join();
      expect(notesOf((await seed()).report)).toContain('--trust');
      const trusted = (await seed('--trust')).report;
      expect(trusted).toMatchObject({ updated: 9 });
      expect(notesOf(trusted)).not.toContain('--trust');
      expect((await seed('--trust')).report).toMatchObject({ updated: 0, unchanged: 9 });
    },
    SEED_TIMEOUT_MS,
  );

  it(
    'changes no agent that somebody vouched for without --trust, and counts its file as refused',
    async () => {
      const before = (await service.request('GET', '/agents')).body;
      const { code, report } = await seed('--prune');
      expect(code).toBe(1);
      expect(report).toMatchObject({ added: 0, updated: 0, unchanged: 0, refused: 12, retired: [] });
      expect((await service.request('GET', '/agents')).body).toEqual(before);
    },
    SEED_TIMEOUT_MS,
  );

  it(
    '--strict leaves out what is not plainly an identity file',
    async () => {
      const { report } = await seed('--strict', '--dry-run', '--trust');
      expect(report.left_out).toBeGreaterThan(1);
      expect(report.retired).toEqual([]);
    },
    SEED_TIMEOUT_MS,
  );

  it(
    'retires agents whose file is gone with --prune only, and no agent that was registered otherwise',
    async () => {
      await service.request('POST', '/agents', anAgent({ name: 'by-hand' }));
      rmSync(join(folder, '02-unquoted-globs.md'));
      expect((await seed('--trust')).report.retired).toEqual([]);
      const { report } = await seed('--trust', '--prune');
      expect(report).toMatchObject({ retired: ['load-tester'], unchanged: 8 });
      await eventually('the service to forget the agent', async () => {
        const { status } = await service.request('GET', '/agents/load-tester');
        return status === 404;
      });
      expect(await names()).toContain('by-hand');
      expect((await service.request('GET', '/events/audit?operation_type=agent.retire')).body).toHaveLength(
        1,
      );
    },
    SEED_TIMEOUT_MS,
  );

  it(
    'exits with 0 where all files were read, and prints lines for people',
    async () => {
      for (const file of ['11-duplicate-name.md', '12-unterminated.md', '13-tag-attack.md'])
        rmSync(join(folder, file));
      const { code, stdout } = await runCli(store, ['seed', '--from', folder, '--trust']);
      expect(code).toBe(0);
      expect(stdout).toMatch(/^left_out +10-README\.md/m);
      expect(stdout).toMatch(/\nadded 0, updated 0, unchanged 8, retired 0, left out 1, refused 0\n$/);
    },
    SEED_TIMEOUT_MS,
  );

  it(
    'exits with 1 where no file could be loaded, or there is no such folder',
    async () => {
      const empty = mkdtempSync(join(tmpdir(), 'identity-files-'));
      expect(await runCli(store, ['seed', '--from', empty])).toMatchObject({ code: 1 });
      writeFileSync(join(empty, 'half.md'), '---\nname: half\nidentity:\n  role: developer\n');
      expect(await runCli(store, ['seed', '--from', empty])).toMatchObject({
        code: 1,
        stdout: expect.stringContaining('refused'),
      });
      rmSync(empty, { recursive: true });
      const { code, stderr } = await runCli(store, ['seed', '--from', empty]);
      expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining(empty) });
      expect(stderr).not.toContain('    at ');
    },
    SEED_TIMEOUT_MS,
  );
});
