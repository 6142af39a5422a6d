import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { build } from '../support/build.js';
import { eventually } from '../support/eventually.js';
import { type Ended, killLeftovers, runCli } from '../support/process.js';
import { anAgent, TestService } from '../support/service.js';
import { newTestStore } from '../support/store.js';

/** How many processes run beside each other. */
const AT_ONCE = 4;

beforeAll(() => build(), 120_000);
afterAll(killLeftovers);

describe('keys', () => {
  let service: TestService;
  const cli = (...args: string[]): Promise<Ended> => runCli(service.store, ['keys', ...args]);
  const statusWith = async (key: string): Promise<number> =>
    (await service.request('GET', '/agents', undefined, { key })).status;

  beforeAll(async () => {
    service = await TestService.start({ RBAC_ENABLED: 'true' });
    expect(await service.request('POST', '/agents', anAgent())).toMatchObject({ status: 201 });
  });
  afterAll(() => service.remove());

  it('are made, honoured by a running service, listed, revoked, and then refused', async () => {
    const made = await cli('create', '--name', 'ci', '--role', 'reviewer', '--kind', 'service');
    expect(made).toMatchObject({ code: 0, stderr: expect.stringContaining('It is shown this once') });
    const secret = made.stdout.trim();
    expect(secret).toMatch(/^arm_[\w-]{43}$/);
    await eventually('the service to honour the key', async () => (await statusWith(secret)) === 200);

    const listed = await cli('list', '--json');
    const [key] = JSON.parse(listed.stdout) as Record<string, string>[];
    expect(key).toMatchObject({
      name: 'ci',
      kind: 'service',
      role: 'reviewer',
      agent_id: null,
      prefix: `${secret.slice(0, 12)}…`,
      networks: null,
      standing: 'in_force',
    });
    expect(listed.stdout).not.toContain(secret);
    const keyId = key?.['key_id'] ?? '';
    expect(made.stderr).toContain(keyId);

    expect(await cli('revoke', keyId)).toMatchObject({ code: 0, stdout: `Key ${keyId} is revoked.\n` });
    await eventually('the service to refuse the key', async () => (await statusWith(secret)) === 401);
    expect((await cli('list')).stdout).toMatch(/'revoked'/);
    expect(await cli('revoke', keyId)).toMatchObject({ code: 1, stderr: 'No key in force has this id.\n' });

    const { body } = await service.request('GET', '/events/audit?limit=50');
    const ofKeys = (body as { operation: { type: string } }[]).filter(({ operation }) =>
      operation.type.startsWith('key.'),
    );
    expect(ofKeys).toMatchObject([
      {
        operation: { type: 'key.revoke' },
        route: 'cli keys revoke',
        principal: { kind: 'human', role: 'admin' },
      },
      {
        operation: { type: 'key.create' },
        route: 'cli keys create',
        target: { resource: keyId, type: 'key' },
      },
    ]);
    expect(JSON.stringify(body)).not.toContain(secret);
  }, 60_000);

  it('of an agent have its role and are bound to it', async () => {
    const made = await cli('create', '--name', 'for coder', '--kind', 'agent', '--agent', 'coder');
    expect(made.code).toBe(0);
    const key = made.stdout.trim();
    await eventually('the service to honour the key', async () => (await statusWith(key)) === 200);
    const { status, body } = await service.request('POST', '/events/ingest', { agent_id: 'other' }, { key });
    expect({ status, name: body.agent.name, claimed: body.context.claimed_agent }).toEqual({
      status: 201,
      name: 'coder',
      claimed: 'other',
    });
  }, 30_000);

  it('are bound to networks, which the list shows', async () => {
    const networks = ['127.0.0.0/8', '2001:db8::/32'];
    const named = ['--network', '127.0.0.0/8', '--network', '2001:db8::/32'];
    const made = await cli('create', '--name', 'office', '--role', 'tester', ...named);
    await eventually(
      'the service to honour the key',
      async () => (await statusWith(made.stdout.trim())) === 200,
    );
    const keys = JSON.parse((await cli('list', '--json')).stdout) as Record<string, unknown>[];
    expect(keys.find(({ name }) => name === 'office')).toMatchObject({ networks });
    expect((await cli('list')).stdout).toContain('127.0.0.0/8, 2001:db8::/32');
  }, 30_000);

  it('are replaced, at once or after a time of grace', async () => {
    const made = await cli('create', '--name', 'turns', '--role', 'tester');
    const idOf = ({ stderr }: Ended) => /^Key (\S+) /.exec(stderr)?.[1] ?? '';
    expect(made.stderr).toContain('(service, tester, never ends)');
    const second = await cli('rotate', idOf(made), '--grace-s', '3600');
    expect(second).toMatchObject({ code: 0, stdout: expect.stringMatching(/^arm_/) });
    const third = await cli('rotate', idOf(second));
    await eventually(
      'the service to honour the newest key',
      async () => (await statusWith(third.stdout.trim())) === 200,
    );
    await eventually('the one at once to end', async () => (await statusWith(second.stdout.trim())) === 401);
    expect(await statusWith(made.stdout.trim())).toBe(200);
    const keys = JSON.parse((await cli('list', '--json')).stdout) as Record<string, string>[];
    expect(keys.filter(({ name }) => name === 'turns').map(({ standing }) => standing)).toEqual([
      'in_force',
      'revoked',
      'in_force',
    ]);
  }, 60_000);

  const refusals: [string[], string][] = [
    [['create'], "required option '--name <name>' not specified"],
    [['create', '--name', 'x'], 'role: must be given for a key that is not bound to an agent'],
    [['create', '--name', 'x', '--role', 'emperor'], "argument 'emperor' is invalid"],
    [['create', '--name', 'x', '--role', 'admin', '--kind', 'robot'], "argument 'robot' is invalid"],
    [
      ['create', '--name', 'x', '--role', 'admin', '--kind', 'agent'],
      'agent_id: must be given for a key of kind agent',
    ],
    [
      ['create', '--name', 'x', '--role', 'admin', '--agent', 'coder'],
      'agent_id: must be given for a key of kind agent',
    ],
    [
      ['create', '--name', 'x', '--kind', 'agent', '--agent', 'nobody'],
      'No agent is registered under "nobody".',
    ],
    [['create', '--name', 'x', '--role', 'admin', '--expires', 'soon'], 'expires: must be an ISO 8601 time'],
    [['create', '--name', 'x', '--role', 'admin', '--expires', '2020-01-01'], 'expires: must be'],
    [
      ['create', '--name', 'x', '--role', 'admin', '--network', '10.0.0.0/8', '--network', '10.0.0.0/33'],
      'networks: must be in CIDR notation, such as 10.0.0.0/8 or 2001:db8::/32: "10.0.0.0/33" is not',
    ],
    [['create', '--name', 'a\nb', '--role', 'admin'], 'name: must be 1 to 64 printable ASCII characters'],
    [['revoke'], "missing required argument 'key_id'"],
    [['revoke', 'no-such-key'], 'No key in force has this id.'],
    [['rotate', 'no-such-key'], 'No key in force has this id.'],
    [['rotate', 'x', '--grace-s', '86401'], 'It must be a whole number of seconds, 0 to 86400.'],
    [['rotate', 'x', '--grace-s', '-1'], 'It must be a whole number of seconds'],
    [['burn'], "unknown command 'burn'"],
  ];

  it('are refused in a line, and nothing is made, where the arguments are bad', async () => {
    // When a key was last used is written down whenever the service gets to it.
    const made = async () => (await cli('list', '--json')).stdout.replace(/"last_used_at": [^,]+,/g, '');
    const before = await made();
    for (let from = 0; from < refusals.length; from += AT_ONCE) {
      const part = refusals.slice(from, from + AT_ONCE);
      const ended = await Promise.all(part.map(([args]) => cli(...args)));
      expect(ended.map(({ code, stdout }) => ({ code, stdout }))).toEqual(
        part.map(() => ({ code: 1, stdout: '' })),
      );
      for (const [index, { stderr }] of ended.entries()) {
        expect(stderr).toContain(part[index]?.[1]);
        expect(stderr).not.toContain('    at ');
      }
    }
    expect(await made()).toBe(before);
  }, 60_000);
});

describe('a bad environment', () => {
  it('is told variable by variable', async () => {
    const store = newTestStore();
    const { code, stderr } = await runCli(store, ['keys', 'list'], { LOG_LEVEL: 'loud', PORT: 'x' });
    expect(code).toBe(1);
    expect(stderr).toContain('  PORT="x"');
    expect(stderr).toContain('  LOG_LEVEL="loud"');
    await store.remove();
  });
});
