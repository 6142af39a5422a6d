import { Command, InvalidArgumentError, Option } from 'commander';
import { AgentsService } from '#agents';
import { formatTime, parseTime } from '#contract';
import { ValidationFailed } from '#kernel';
import { ApiKeysService, type CreatedApiKey, KEY_KINDS, MAX_GRACE_S, ROLE_NAMES, standingOf } from '#rbac';
import { withApplication } from '../with-application.js';

interface CreateOptions {
  readonly name: string;
  readonly role?: string;
  readonly kind: 'human' | 'service' | 'agent';
  readonly agent?: string;
  readonly owner?: string;
  readonly expires?: string;
  readonly network: readonly string[];
}

function expiryOf(text: string | undefined): { expiresAt?: number } {
  if (text === undefined) return {};
  const expiresAt = parseTime(text);
  if (expiresAt === null || expiresAt <= Date.now())
    throw new ValidationFailed([{ path: 'expires', message: 'must be an ISO 8601 time to come' }]);
  return { expiresAt };
}

function createCommand(): Command {
  return new Command('create')
    .description('Make a key and print it, this once')
    .requiredOption('--name <name>', 'what the key is for')
    .addOption(
      new Option('--role <role>', "what its holder may do; for an agent, the agent's role").choices(
        ROLE_NAMES,
      ),
    )
    .addOption(new Option('--kind <kind>', 'who holds it').choices(KEY_KINDS).default('service'))
    .option('--agent <agent>', 'for kind agent: the one agent it is bound to, by name or id')
    .option('--owner <person>', 'whose key it is, oidc:SUBJECT for whoever logs in with tokens')
    .option('--expires <time>', 'when it ends, ISO 8601')
    .option(
      '--network <cidr>',
      'the only network it is valid from, such as 10.0.0.0/8; may be given several times',
      (network, others: readonly string[]) => [...others, network],
      [],
    )
    .action(async ({ name, role, kind, agent, owner, expires, network }: CreateOptions) => {
      const created = await withApplication('keys create', async (app, ctx) => {
        const bound = agent === undefined ? undefined : app.get(AgentsService).getRef(agent);
        if (role === undefined && bound === undefined) {
          throw new ValidationFailed([
            { path: 'role', message: 'must be given for a key that is not bound to an agent' },
          ]);
        }
        const request = {
          name,
          kind,
          role: role ?? bound?.role ?? '',
          networks: network,
          owner: owner ?? null,
          ...expiryOf(expires),
          agentId: bound?.agentId ?? null,
        };
        return app.get(ApiKeysService).create(ctx, request);
      });
      show(created);
    });
}

/** The key alone on the standard output, for pipes. */
function show({ key, secret }: CreatedApiKey): void {
  const ends = key.expiresAt === null ? 'never ends' : `ends ${formatTime(key.expiresAt)}`;
  console.error(`Key ${key.keyId} (${key.kind}, ${key.role}, ${ends}). It is shown this once:`);
  console.log(secret);
}

const isoTime = (ms: number | null) => (ms === null ? null : formatTime(ms));

function listCommand(): Command {
  return new Command('list')
    .description('List all keys, oldest first; the keys themselves are not stored')
    .option('--json', 'print JSON', false)
    .action(async ({ json }: { json: boolean }) => {
      const keys = await withApplication('keys list', (app) => app.get(ApiKeysService).list());
      const now = Date.now();
      const rows = keys.map((key) => ({
        key_id: key.keyId,
        name: key.name,
        kind: key.kind,
        role: key.role,
        agent_id: key.agentId,
        owner: key.owner,
        prefix: `${key.prefix}…`,
        created_at: isoTime(key.createdAt),
        expires_at: isoTime(key.expiresAt),
        last_used_at: isoTime(key.lastUsedAt),
        networks: key.networks,
        standing: standingOf(key, now),
      }));
      if (json) console.log(JSON.stringify(rows, null, 2));
      else console.table(rows.map((row) => ({ ...row, networks: row.networks?.join(', ') ?? null })));
    });
}

function revokeCommand(): Command {
  return new Command('revoke')
    .description('End a key at once')
    .argument('<key_id>', 'from `keys list`')
    .action(async (keyId: string) => {
      await withApplication('keys revoke', (app, ctx) => app.get(ApiKeysService).revoke(ctx, keyId));
      console.log(`Key ${keyId} is revoked.`);
    });
}

function rotateCommand(): Command {
  return new Command('rotate')
    .description('Replace a key by one of the same attributes, and print it, this once')
    .argument('<key_id>', 'from `keys list`')
    .option('--grace-s <seconds>', 'how long the old key stays valid', toGrace, 0)
    .action(async (keyId: string, { graceS }: { graceS: number }) => {
      show(
        await withApplication('keys rotate', (app, ctx) =>
          app.get(ApiKeysService).rotate(ctx, keyId, graceS * 1_000),
        ),
      );
    });
}

function toGrace(text: string): number {
  if (!/^\d{1,9}$/.test(text) || Number(text) > MAX_GRACE_S)
    throw new InvalidArgumentError(`It must be a whole number of seconds, 0 to ${MAX_GRACE_S}.`);
  return Number(text);
}

export function keysCommand(): Command {
  return new Command('keys')
    .description('Make, list, replace and end API keys')
    .addCommand(createCommand())
    .addCommand(listCommand())
    .addCommand(rotateCommand())
    .addCommand(revokeCommand());
}
