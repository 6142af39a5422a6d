import { Command, Option } from 'commander';
import { AgentsService } from '#agents';
import { parseTime } from '#contract';
import { ValidationFailed } from '#kernel';
import { type ApiKeyEntity, ApiKeysService, ROLE_NAMES } from '#rbac';
import { withApplication } from '../with-application.js';

interface CreateOptions {
  readonly name: string;
  readonly role?: string;
  readonly kind: 'human' | 'service' | 'agent';
  readonly agent?: string;
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
    .addOption(
      new Option('--kind <kind>', 'who holds it').choices(['human', 'service', 'agent']).default('service'),
    )
    .option('--agent <agent>', 'for kind agent: the one agent it is bound to, by name or id')
    .option('--expires <time>', 'when it ends, ISO 8601')
    .option(
      '--network <cidr>',
      'the only network it is valid from, such as 10.0.0.0/8; may be given several times',
      (network, others: readonly string[]) => [...others, network],
      [],
    )
    .action(async ({ name, role, kind, agent, expires, network }: CreateOptions) => {
      const { key, secret } = await withApplication('keys create', async (app, ctx) => {
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
          ...expiryOf(expires),
          ...(bound ? { agent: bound } : {}),
        };
        return app.get(ApiKeysService).create(ctx, request);
      });
      console.error(`Key ${key.keyId} (${key.kind}, ${key.role}). It is shown this once:`);
      console.log(secret);
    });
}

function standing(key: ApiKeyEntity, now: number): string {
  if (key.revokedAt !== null) return 'revoked';
  return key.expiresAt !== null && key.expiresAt <= now ? 'expired' : 'in force';
}

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
        prefix: `${key.prefix}…`,
        created_at: new Date(key.createdAt).toISOString(),
        expires_at: key.expiresAt === null ? null : new Date(key.expiresAt).toISOString(),
        networks: key.networks,
        standing: standing(key, now),
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

export function keysCommand(): Command {
  return new Command('keys')
    .description('Make, list and end API keys')
    .addCommand(createCommand())
    .addCommand(listCommand())
    .addCommand(revokeCommand());
}
