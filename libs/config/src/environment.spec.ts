import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import type { Config } from './config.js';
import { ConfigError, ENVIRONMENT, parseEnvironment } from './environment.js';

const KEY = 'k'.repeat(32);

const DEFAULTS: Config = {
  host: 'localhost',
  port: 8000,
  database: { dialect: 'sqlite', file: './var/agent-map.sqlite' },
  rbacEnabled: false,
  adminApiKey: null,
  loginFailuresPerMinute: 10,
  writeQueueMax: 2_000,
  metricsRawRetentionDays: 30,
  oidc: null,
  corsOrigins: ['http://localhost:3000', 'http://localhost:5173'],
  allowedHosts: [],
  auditReads: false,
  auditRetentionDays: 90,
  auditKeyFile: './var/audit-key.pem',
  checkpointIntervalMs: 60_000,
  checkpointFile: null,
  checkpointUrl: null,
  sinkKeyFile: './var/sink-key',
  sinkRetryForMs: 86_400_000,
  budgetTimezone: 'UTC',
  seedOnStart: true,
  logLevel: 'info',
  unknownAgents: 'decide',
  approvalTtlMs: 900_000,
  agentIdleAfterMs: 300_000,
  policyFile: null,
  fastPath: true,
  bodyLimit: 1024 ** 2,
};

/** `beside` is what else must be set. */
type Case = [text: string, expected: Partial<Config>, beside?: Readonly<Record<string, string>>];

const AUDIENCE = { OIDC_AUDIENCE: 'map' };
const oidc = (issuer: string, audience = 'map', roleClaim = 'role'): Partial<Config> => ({
  oidc: { issuer, audience, roleClaim },
});

const sqlite = (file: string): Partial<Config> => ({ database: { dialect: 'sqlite', file } });
const postgres = (url: string, schema: string): Partial<Config> => ({
  database: { dialect: 'postgres', url, schema },
});

const GOOD: Readonly<Record<string, readonly Case[]>> = {
  HOST: [
    ['127.0.0.1', { host: '127.0.0.1' }],
    ['::1', { host: '::1' }],
    ['localhost', { host: 'localhost' }],
  ],
  PORT: [
    ['0', { port: 0 }],
    ['65535', { port: 65535 }],
  ],
  DATABASE_URL: [
    ['sqlite:./a.db', sqlite('./a.db')],
    ['sqlite:/abs/a.db', sqlite('/abs/a.db')],
    ['sqlite:///abs/a.db', sqlite('/abs/a.db')],
    ['postgres://u:p@db:5432/map', postgres('postgres://u:p@db:5432/map', 'public')],
    ['postgresql://u@db/map?schema=fleet_1', postgres('postgresql://u@db/map', 'fleet_1')],
    ['postgres://u@db/map?sslmode=require&schema=a', postgres('postgres://u@db/map?sslmode=require', 'a')],
  ],
  RBAC_ENABLED: [
    ['true', { rbacEnabled: true }],
    ['1', { rbacEnabled: true }],
    ['false', { rbacEnabled: false }],
    ['0', { rbacEnabled: false }],
  ],
  ADMIN_API_KEY: [[KEY, { adminApiKey: KEY }]],
  LOGIN_FAILURES_PER_MINUTE: [
    ['1', { loginFailuresPerMinute: 1 }],
    ['1000000', { loginFailuresPerMinute: 1_000_000 }],
  ],
  WRITE_QUEUE_MAX: [
    ['16', { writeQueueMax: 16 }],
    ['1000000', { writeQueueMax: 1_000_000 }],
  ],
  METRICS_RAW_RETENTION_DAYS: [
    ['1', { metricsRawRetentionDays: 1 }],
    ['36500', { metricsRawRetentionDays: 36_500 }],
  ],
  OIDC_ISSUER: [
    ['https://id.example.com', oidc('https://id.example.com'), AUDIENCE],
    ['https://id.example.com/realms/a/', oidc('https://id.example.com/realms/a/'), AUDIENCE],
    ['http://127.0.0.1:8080', oidc('http://127.0.0.1:8080'), AUDIENCE],
    ['http://[::1]:8080', oidc('http://[::1]:8080'), AUDIENCE],
  ],
  OIDC_AUDIENCE: [
    ['map', { oidc: null }],
    ['https://map/', oidc('https://id', 'https://map/'), { OIDC_ISSUER: 'https://id' }],
  ],
  OIDC_ROLE_CLAIM: [
    ['https://map/role', { oidc: null }],
    [
      'https://map/role',
      oidc('https://id', 'map', 'https://map/role'),
      { ...AUDIENCE, OIDC_ISSUER: 'https://id' },
    ],
  ],
  CORS_ORIGINS: [
    ['https://map.example.com', { corsOrigins: ['https://map.example.com'] }],
    [' http://a:1 ,, http://b ', { corsOrigins: ['http://a:1', 'http://b'] }],
    [',', { corsOrigins: [] }],
  ],
  ALLOWED_HOSTS: [['Map.Example.com, b', { allowedHosts: ['map.example.com', 'b'] }]],
  AUDIT_READS: [['true', { auditReads: true }]],
  AUDIT_RETENTION_DAYS: [
    ['1', { auditRetentionDays: 1 }],
    ['36500', { auditRetentionDays: 36_500 }],
  ],
  AUDIT_KEY_FILE: [['/etc/map/audit.pem', { auditKeyFile: '/etc/map/audit.pem' }]],
  CHECKPOINT_INTERVAL: [
    ['1s', { checkpointIntervalMs: 1_000 }],
    ['24h', { checkpointIntervalMs: 86_400_000 }],
  ],
  CHECKPOINT_FILE: [['/mnt/witness/log', { checkpointFile: '/mnt/witness/log' }]],
  CHECKPOINT_URL: [
    ['https://witness.example.com/add?log=1', { checkpointUrl: 'https://witness.example.com/add?log=1' }],
    ['http://127.0.0.1:9', { checkpointUrl: 'http://127.0.0.1:9' }],
  ],
  SINK_KEY_FILE: [['/etc/map/sink-key', { sinkKeyFile: '/etc/map/sink-key' }]],
  SINK_RETRY_FOR: [
    ['1s', { sinkRetryForMs: 1_000 }],
    ['720h', { sinkRetryForMs: 2_592_000_000 }],
  ],
  BUDGET_TIMEZONE: [['Europe/Berlin', { budgetTimezone: 'Europe/Berlin' }]],
  SEED_ON_START: [['false', { seedOnStart: false }]],
  FAST_PATH: [['false', { fastPath: false }]],
  UNKNOWN_AGENTS: [['deny', { unknownAgents: 'deny' }]],
  AGENT_IDLE_AFTER: [
    ['10s', { agentIdleAfterMs: 10_000 }],
    ['24h', { agentIdleAfterMs: 86_400_000 }],
  ],
  APPROVAL_TTL: [
    ['60s', { approvalTtlMs: 60_000 }],
    ['90', { approvalTtlMs: 90_000 }],
    ['24h', { approvalTtlMs: 86_400_000 }],
  ],
  POLICY_FILE: [['./policy.yaml', { policyFile: './policy.yaml' }]],
  LOG_LEVEL: ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'].map((level): Case => [
    level,
    { logLevel: level as Config['logLevel'] },
  ]),
  BODY_LIMIT: [
    ['1kb', { bodyLimit: 1024 }],
    ['64MB', { bodyLimit: 64 * 1024 ** 2 }],
    ['2048', { bodyLimit: 2048 }],
    ['2048 b', { bodyLimit: 2048 }],
  ],
};

const BAD: Readonly<Record<string, readonly string[]>> = {
  HOST: ['my host', 'http://localhost', 'a/b'],
  PORT: ['-1', '65536', '80.5', '8e3', ' 80', 'http', '0x50'],
  DATABASE_URL: [
    'sqlite:',
    'sqlite::memory:',
    'mysql://db/map',
    './a.db',
    'postgres://db:port/map',
    'postgres://db/map?schema=Robert;DROP',
    'postgres://db/map?schema=',
  ],
  RBAC_ENABLED: ['yes', 'TRUE', 'on'],
  ADMIN_API_KEY: ['k'.repeat(31), `${KEY} `, `${KEY}ü`, 'k'.repeat(513)],
  LOGIN_FAILURES_PER_MINUTE: ['0', '1000001', '-1', 'many'],
  WRITE_QUEUE_MAX: ['15', '1000001', '-1', 'many'],
  METRICS_RAW_RETENTION_DAYS: ['0', '36501', '-1', 'all'],
  OIDC_ISSUER: ['id.example.com', 'http://id.example.com', 'ftp://id', 'https://id?x=1', 'https://id#x'],
  OIDC_AUDIENCE: ['a b', 'x'.repeat(513)],
  OIDC_ROLE_CLAIM: ['a b', 'x'.repeat(257)],
  CORS_ORIGINS: ['*', 'null', 'http://a/', 'http://a/path', 'ftp://a', 'a.example.com', 'http://a,*'],
  ALLOWED_HOSTS: ['a:80', 'http://a', 'a b', '*'],
  AUDIT_READS: ['maybe'],
  AUDIT_RETENTION_DAYS: ['0', '36501', '-1', '1.5', 'forever'],
  AUDIT_KEY_FILE: ['x'.repeat(4097)],
  CHECKPOINT_INTERVAL: ['0', '25h', '1d', 'often'],
  CHECKPOINT_FILE: ['x'.repeat(4097)],
  CHECKPOINT_URL: ['witness.example.com', 'http://witness.example.com', 'file:///tmp/x'],
  SINK_KEY_FILE: ['x'.repeat(4097)],
  SINK_RETRY_FOR: ['0', '721h', '1d', 'forever'],
  BUDGET_TIMEZONE: ['Mars/Olympus', 'CET+1h', 'here'],
  SEED_ON_START: ['no'],
  FAST_PATH: ['off'],
  UNKNOWN_AGENTS: ['allow', 'Deny'],
  AGENT_IDLE_AFTER: ['9s', '25h', '5 minutes', '-1', '1d'],
  APPROVAL_TTL: ['59s', '25h', '15 minutes', '-1', '1d'],
  POLICY_FILE: ['x'.repeat(4097)],
  LOG_LEVEL: ['verbose', 'INFO'],
  BODY_LIMIT: ['1023', '65mb', '1gb', '-1', 'big', '1.5mb'],
};

const cases = <T>(table: Readonly<Record<string, readonly T[]>>): [string, T][] =>
  Object.entries(table).flatMap(([variable, values]) =>
    values.map((value): [string, T] => [variable, value]),
  );

function failureOf(env: Record<string, string>): ConfigError {
  try {
    parseEnvironment(env);
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error('the environment was accepted');
}

describe('the environment', () => {
  it('has a default for everything', () => {
    expect(parseEnvironment({})).toEqual(DEFAULTS);
  });

  it('takes an empty value for an absent one', () => {
    const empty = Object.fromEntries(Object.keys(ENVIRONMENT.shape).map((variable) => [variable, '']));
    expect(parseEnvironment(empty)).toEqual(DEFAULTS);
  });

  it('takes no notice of other variables', () => {
    expect(parseEnvironment({ PATH: '/bin', HOME: undefined })).toEqual(DEFAULTS);
  });

  it('cannot be changed once parsed', () => {
    expect(Object.isFrozen(parseEnvironment({}))).toBe(true);
  });

  it('has a good and a bad case here for every variable', () => {
    const variables = Object.keys(ENVIRONMENT.shape).sort();
    expect(Object.keys(GOOD).sort()).toEqual(variables);
    expect(Object.keys(BAD).sort()).toEqual(variables);
  });

  it.each(cases(GOOD))('takes %s=%j', (variable, [text, expected, beside = {}]) => {
    expect(parseEnvironment({ ...beside, [variable]: text })).toEqual({ ...DEFAULTS, ...expected });
  });

  it.each(cases(BAD))('refuses %s=%j, and names it once', (variable, text) => {
    expect(failureOf({ [variable]: text }).problems.map((problem) => problem.variable)).toEqual([variable]);
  });

  it('names all that is wrong at once, what was given and what is allowed', () => {
    const env = Object.fromEntries(Object.entries(BAD).map(([variable, [text = '']]) => [variable, text]));
    const { problems, message } = failureOf(env);
    expect(problems.map((problem) => problem.variable).sort()).toEqual(Object.keys(BAD).sort());
    for (const { variable, allowed } of problems) {
      expect(allowed).not.toBe('');
      expect(message).toContain(`  ${variable}=`);
    }
    expect(message).toContain('  PORT="-1": must be a whole number, 0 to 65535');
  });

  it('takes an issuer of tokens only with an audience', () => {
    const { problems } = failureOf({ OIDC_ISSUER: 'https://id.example.com' });
    expect(problems.map(({ variable }) => variable)).toEqual(['OIDC_AUDIENCE']);
  });

  it('does not repeat secrets', () => {
    const secret = 'correct-horse-battery';
    const { message } = failureOf({ ADMIN_API_KEY: secret, DATABASE_URL: `mysql://root:${secret}@db/map` });
    expect(message).not.toContain(secret);
    expect(message).toContain('ADMIN_API_KEY=(21 characters, not shown)');
  });

  it.each(['0.0.0.0', '::', '192.168.1.10', 'map.example.com', 'LOCALHOST', '127.0.0.2', 'localhost.'])(
    'refuses HOST=%s while RBAC is off, and takes it while RBAC is on',
    (host) => {
      expect(failureOf({ HOST: host }).message).toContain('set RBAC_ENABLED=true to listen elsewhere');
      expect(parseEnvironment({ HOST: host, RBAC_ENABLED: 'true' }).host).toBe(host);
    },
  );
});

describe('.env.example', () => {
  const lines = readFileSync(new URL('../../../.env.example', import.meta.url), 'utf8').split('\n');
  const settings = lines.flatMap((line, index) => {
    const [, variable, value] = /^# ([A-Z_]+)=(.*)$/.exec(line) ?? [];
    return variable === undefined ? [] : [{ variable, value: value ?? '', above: lines[index - 1] ?? '' }];
  });

  it('lists exactly the variables of the schema, in its order', () => {
    expect(settings.map((setting) => setting.variable)).toEqual(Object.keys(ENVIRONMENT.shape));
  });

  it('sets none of them', () => {
    expect(lines.filter((line) => line !== '' && !line.startsWith('#'))).toEqual([]);
  });

  it('shows the defaults', () => {
    const shown = Object.fromEntries(settings.map(({ variable, value }) => [variable, value]));
    expect(parseEnvironment(shown)).toEqual(DEFAULTS);
    const unset = settings.filter(({ value }) => value === '').map(({ variable }) => variable);
    expect(unset).toEqual([
      ...['ADMIN_API_KEY', 'OIDC_ISSUER', 'OIDC_AUDIENCE', 'ALLOWED_HOSTS'],
      ...['CHECKPOINT_FILE', 'CHECKPOINT_URL', 'POLICY_FILE'],
    ]);
  });

  it('explains each in a line', () => {
    for (const { above } of settings) expect(above).toMatch(/^# \S.{20,}\.$/);
  });
});
