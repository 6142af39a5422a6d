import { IANAZone } from 'luxon';
import { z } from 'zod';
import type { Config, OidcConfig } from './config.js';
import { parseDatabaseUrl } from './database-url.js';
import { isSecureUrl } from './secure-url.js';

const LOOPBACK_HOSTS = ['localhost', '127.0.0.1', '::1'];
const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
const TIME_UNITS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000 };
const SIZE_UNITS: Readonly<Record<string, number>> = { '': 1, b: 1, kb: 1024, mb: 1024 ** 2 };

/** A list that is separated by commas; blanks around items and empty items do not count. */
function list(text: string): string[] {
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

/** `1mb`, `512kb`, `1048576` → bytes; NaN for anything else. */
function bytes(text: string): number {
  const [, digits, unit = ''] = /^(\d{1,9})\s*(b|kb|mb)?$/i.exec(text.trim()) ?? [];
  return digits === undefined ? NaN : Number(digits) * (SIZE_UNITS[unit.toLowerCase()] ?? NaN);
}

function isOrigin(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol) && new URL(text).origin === text;
}

const boolean = (fallback: boolean) =>
  z
    .enum(['true', 'false', '1', '0'], 'true or false')
    .default(fallback ? 'true' : 'false')
    .transform((text) => text === 'true' || text === '1');

const integer = (fallback: number, min: number, max: number) =>
  z
    .string()
    .default(String(fallback))
    .refine(
      (text) => /^\d{1,9}$/.test(text) && Number(text) >= min && Number(text) <= max,
      `a whole number, ${min} to ${max}`,
    )
    .transform(Number);

/** `90s`, `15m`, `2h`, or seconds without a unit → ms; NaN for anything else. */
function milliseconds(text: string): number {
  const [, digits, unit = 's'] = /^(\d{1,9})\s*(s|m|h)?$/.exec(text.trim()) ?? [];
  return digits === undefined ? NaN : Number(digits) * (TIME_UNITS[unit] ?? NaN);
}

const duration = (fallback: string, minSeconds: number, maxSeconds: number) =>
  z
    .string()
    .default(fallback)
    .transform(milliseconds)
    .refine(
      (ms) => ms >= minSeconds * 1000 && ms <= maxSeconds * 1000,
      `a time such as 90s, 15m or 2h, ${minSeconds} to ${maxSeconds} seconds`,
    );

/** One entry per variable; the message of each says what is allowed. */
export const ENVIRONMENT = z.object({
  HOST: z
    .string()
    .regex(/^[A-Za-z0-9.:-]{1,255}$/, 'a host name or an address; localhost binds 127.0.0.1 and ::1')
    .default('localhost'),
  PORT: integer(8000, 0, 65535),
  DATABASE_URL: z
    .string()
    .default('sqlite:./var/agent-map.sqlite')
    .transform((text, ctx) => {
      const parsed = parseDatabaseUrl(text);
      if (parsed) return parsed;
      ctx.addIssue({
        code: 'custom',
        message: 'sqlite:PATH or postgres://USER:PASSWORD@HOST:PORT/DATABASE[?schema=NAME]',
      });
      return z.NEVER;
    }),
  RBAC_ENABLED: boolean(false),
  ADMIN_API_KEY: z
    .string()
    .regex(/^[\x21-\x7e]{32,512}$/, 'at least 32 visible ASCII characters')
    .optional(),
  LOGIN_FAILURES_PER_MINUTE: integer(10, 1, 1_000_000),
  WRITE_QUEUE_MAX: integer(2_000, 16, 1_000_000),
  METRICS_RAW_RETENTION_DAYS: integer(30, 1, 36_500),
  OIDC_ISSUER: z
    .string()
    .refine(
      (text) => isSecureUrl(text) && !/[?#]/.test(text),
      'an https URL without a query, or http on this machine, as tokens state it in `iss`',
    )
    .optional(),
  OIDC_AUDIENCE: z
    .string()
    .regex(/^[\x21-\x7e]{1,512}$/, '1 to 512 visible ASCII characters, as tokens state it in `aud`')
    .optional(),
  OIDC_ROLE_CLAIM: z
    .string()
    .regex(/^[\x21-\x7e]{1,256}$/, '1 to 256 visible ASCII characters, the name of a claim')
    .default('role'),
  CORS_ORIGINS: z
    .string()
    .default('http://localhost:3000,http://localhost:5173')
    .transform(list)
    .refine(
      (origins) => origins.every(isOrigin),
      'origins such as http://localhost:3000, separated by commas; never *',
    ),
  ALLOWED_HOSTS: z
    .string()
    .default('')
    .transform((text) => list(text.toLowerCase()))
    .refine(
      (hosts) => hosts.every((host) => /^[a-z0-9.-]{1,253}$/.test(host)),
      'host names without ports, separated by commas',
    ),
  AUDIT_READS: boolean(false),
  AUDIT_RETENTION_DAYS: integer(90, 1, 36_500),
  AUDIT_KEY_FILE: z.string().max(4096).default('./var/audit-key.pem'),
  CHECKPOINT_INTERVAL: duration('60s', 1, 86_400),
  CHECKPOINT_FILE: z.string().max(4096).optional(),
  CHECKPOINT_URL: z.string().refine(isSecureUrl, 'an https URL, or http on this machine').optional(),
  SINK_KEY_FILE: z.string().max(4096).default('./var/sink-key'),
  SINK_RETRY_FOR: duration('24h', 1, 30 * 86_400),
  BUDGET_TIMEZONE: z
    .string()
    .default('UTC')
    .refine((zone) => IANAZone.isValidZone(zone), 'an IANA time zone such as Europe/Berlin'),
  SEED_ON_START: boolean(true),
  UNKNOWN_AGENTS: z.enum(['decide', 'deny'], 'decide or deny').default('decide'),
  APPROVAL_TTL: duration('15m', 60, 86_400),
  AGENT_IDLE_AFTER: duration('5m', 10, 86_400),
  POLICY_FILE: z.string().max(4096).optional(),
  FAST_PATH: boolean(true),
  LOG_LEVEL: z.enum(LOG_LEVELS, LOG_LEVELS.join(', ')).default('info'),
  BODY_LIMIT: z
    .string()
    .default('1mb')
    .transform(bytes)
    .refine((size) => size >= 1024 && size <= 64 * 1024 ** 2, 'a size from 1kb to 64mb'),
});

/** Variables whose value must not be repeated on a terminal or in a log. */
const SECRETS = new Set(['ADMIN_API_KEY', 'DATABASE_URL']);

export interface ConfigProblem {
  readonly variable: string;
  /** As it was, or a placeholder for a secret. */
  readonly value: string;
  readonly allowed: string;
}

/** The environment cannot be used; names every variable that is at fault. */
export class ConfigError extends Error {
  constructor(readonly problems: readonly ConfigProblem[]) {
    super(
      ['The configuration is not valid:']
        .concat(problems.map(({ variable, value, allowed }) => `  ${variable}=${value}: must be ${allowed}`))
        .join('\n'),
    );
    this.name = 'ConfigError';
  }
}

function shown(variable: string, value: string | undefined): string {
  if (value === undefined) return '(not set)';
  return SECRETS.has(variable) ? `(${value.length} characters, not shown)` : JSON.stringify(value);
}

function toOidc(value: z.output<typeof ENVIRONMENT>): OidcConfig | null {
  const { OIDC_ISSUER: issuer, OIDC_AUDIENCE: audience, OIDC_ROLE_CLAIM: roleClaim } = value;
  return issuer === undefined || audience === undefined ? null : { issuer, audience, roleClaim };
}

/**
 * Parses the environment. An empty value counts as absent.
 * @throws ConfigError naming every bad variable, what it had and what is allowed.
 */
export function parseEnvironment(env: Readonly<Record<string, string | undefined>>): Config {
  const present = Object.fromEntries(
    Object.entries(env).filter(([, value]) => value !== undefined && value !== ''),
  );
  const parsed = ENVIRONMENT.safeParse(present);
  const problems = parsed.success
    ? []
    : parsed.error.issues.map((issue) => {
        const variable = String(issue.path[0]);
        return { variable, value: shown(variable, env[variable]), allowed: issue.message };
      });
  const host = present['HOST'] ?? 'localhost';
  const rbacOff = ENVIRONMENT.shape.RBAC_ENABLED.safeParse(present['RBAC_ENABLED']).data === false;
  const hostIsName = ENVIRONMENT.shape.HOST.safeParse(host).success;
  if (rbacOff && hostIsName && !LOOPBACK_HOSTS.includes(host)) {
    problems.push({
      variable: 'HOST',
      value: JSON.stringify(host),
      allowed: `one of ${LOOPBACK_HOSTS.join(', ')} while RBAC_ENABLED is false; set RBAC_ENABLED=true to listen elsewhere`,
    });
  }
  if (parsed.data?.OIDC_ISSUER !== undefined && parsed.data.OIDC_AUDIENCE === undefined) {
    problems.push({
      variable: 'OIDC_AUDIENCE',
      value: '(not set)',
      allowed: 'set where OIDC_ISSUER is: without it, tokens for other services would be taken',
    });
  }
  if (!parsed.success || problems.length > 0) throw new ConfigError(problems);
  const value = parsed.data;
  return Object.freeze({
    host: value.HOST,
    port: value.PORT,
    database: value.DATABASE_URL,
    rbacEnabled: value.RBAC_ENABLED,
    adminApiKey: value.ADMIN_API_KEY ?? null,
    loginFailuresPerMinute: value.LOGIN_FAILURES_PER_MINUTE,
    writeQueueMax: value.WRITE_QUEUE_MAX,
    metricsRawRetentionDays: value.METRICS_RAW_RETENTION_DAYS,
    oidc: toOidc(value),
    corsOrigins: value.CORS_ORIGINS,
    allowedHosts: value.ALLOWED_HOSTS,
    auditReads: value.AUDIT_READS,
    auditRetentionDays: value.AUDIT_RETENTION_DAYS,
    auditKeyFile: value.AUDIT_KEY_FILE,
    checkpointIntervalMs: value.CHECKPOINT_INTERVAL,
    checkpointFile: value.CHECKPOINT_FILE ?? null,
    checkpointUrl: value.CHECKPOINT_URL ?? null,
    sinkKeyFile: value.SINK_KEY_FILE,
    sinkRetryForMs: value.SINK_RETRY_FOR,
    budgetTimezone: value.BUDGET_TIMEZONE,
    seedOnStart: value.SEED_ON_START,
    unknownAgents: value.UNKNOWN_AGENTS,
    approvalTtlMs: value.APPROVAL_TTL,
    agentIdleAfterMs: value.AGENT_IDLE_AFTER,
    policyFile: value.POLICY_FILE ?? null,
    fastPath: value.FAST_PATH,
    logLevel: value.LOG_LEVEL,
    bodyLimit: value.BODY_LIMIT,
  });
}
