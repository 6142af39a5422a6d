import { z } from 'zod';
import { compileLinear, REDACTED } from '#kernel';
import { alertRules } from './alert-rule-document.js';
import { CommandRule } from './engine/command-rule.js';
import { PathPatterns, PathScopes } from './engine/path-reading.js';
import { PERMISSIONS, ROLE_NAMES } from './policy.js';

const names = z.array(z.string().min(1).max(512));
const roleName = z.enum(ROLE_NAMES);
const permission = z.enum(PERMISSIONS);
const usd = z.number().positive();
const tokens = z.int().positive();

/** Text that `compile` takes; what it throws says what is allowed. */
const compiled = (compile: (text: string) => unknown) =>
  z.string().superRefine((text, ctx) => refuseWhatThrows(() => compile(text), ctx));
const pathScope = compiled((text) => PathScopes.compile([text]));
const pathPattern = compiled((text) => PathPatterns.compile([text]));

function refuseWhatThrows(compile: () => unknown, ctx: z.RefinementCtx, path: PropertyKey[] = []): void {
  try {
    compile();
  } catch (error) {
    ctx.addIssue({ code: 'custom', message: error instanceof Error ? error.message : String(error), path });
  }
}

const spendingLimits = z.strictObject({
  max_cost_per_day: usd.nullable(),
  max_cost_per_month: usd.nullable(),
});

const roleDocument = z.strictObject({
  level: z.int().min(0),
  tools: names,
  paths: z.array(pathScope),
  api_access: names,
  can_spawn_agents: z.boolean(),
  can_modify_agents: z.boolean(),
  can_access_secrets: z.boolean(),
  requires_approval_for: names,
  max_tokens_per_session: tokens,
  max_cost_per_day: usd,
  typical_agents: names,
});

/** Which commands a rule means; at least one member. See {@link CommandRuleDocument}. */
const commandMembers = z.strictObject({
  programs: names.optional(),
  via: names.optional(),
  options: z.array(names.min(1)).optional(),
  operands: names.optional(),
  arguments: names.optional(),
  writes: names.optional(),
  fork_bomb: z.literal(true).optional(),
});

const commandRule = commandMembers.superRefine((rule, ctx) =>
  refuseWhatThrows(() => CommandRule.compile(rule), ctx),
);

const destructiveCommand = z.strictObject({
  id: z.string().min(1),
  reason: z.string().min(1),
  match: commandRule,
});

/** How an operation is recognised. */
const operation = z.strictObject({
  /** A client says so in `operation`. */
  declared: z.literal(true).optional(),
  tools: names.optional(),
  commands: z.array(commandRule).optional(),
  /** Files that are written, by a file tool or a redirection. */
  writes: z.array(pathPattern).optional(),
});

/** A secret of one's own: what it looks like, and how it is called. */
const secretPattern = z
  .strictObject({
    kind: z.string().regex(/^[a-z][a-z0-9_]{0,63}$/, 'expected small letters, digits and _'),
    pattern: z.string().min(1),
    ignore_case: z.boolean().default(false),
  })
  .superRefine(({ pattern, ignore_case: ignoreCase }, ctx) =>
    refuseWhatThrows(() => compileSecret(pattern, ignoreCase), ctx, ['pattern']),
  );

/** @throws SyntaxError also for what would find its own replacement, again and again. */
function compileSecret(pattern: string, ignoreCase: boolean): void {
  if (compileLinear(pattern, ignoreCase).test(REDACTED))
    throw new SyntaxError(`it matches ${REDACTED}, which stands in the place of secrets`);
}

const redaction = z.strictObject({
  enabled: z.boolean().default(true),
  patterns: z.array(secretPattern).max(100).default([]),
  /** Names of members whose texts are secrets. */
  keys: z.array(z.string().min(1).max(64)).max(1_000).default([]),
});

export const policySchema = z.strictObject({
  version: z.literal(1),
  roles: z.record(roleName, roleDocument),
  also_allowed: z.strictObject({
    tools: z.record(z.string(), z.array(roleName)),
    api_access: z.record(z.string(), z.array(roleName)),
  }),
  unregistered_roles: z.array(roleName),
  tools: z.strictObject({
    same: z.record(z.string().min(1), z.string().min(1)),
    file: z.record(
      z.string().min(1),
      z.strictObject({
        path: z.string().min(1),
        writes: z.boolean(),
        /** What an input without a path means; without it such an input is refused. */
        default: z.string().min(1).optional(),
        /** Members of the input that hold a glob over file names. */
        globs: names.optional(),
      }),
    ),
    command: z.record(z.string().min(1), z.string().min(1)),
    spawn: names,
  }),
  secret_files: z.array(pathPattern),
  protected_files: z.array(pathPattern),
  commands: z.strictObject({
    opaque: z.enum(['allowed', 'requires_approval', 'denied']),
    interpreted: z.enum(['allowed', 'requires_approval', 'denied']),
    destructive: z.array(destructiveCommand),
    /** Programs that change the files they are given. */
    writers: names,
  }),
  operations: z.record(z.string().min(1), operation),
  approvals: z.strictObject({ always: names, approvers: z.array(z.enum(['human', ...ROLE_NAMES])).min(1) }),
  high_risk_operations: z.array(
    z.strictObject({
      operation: z.string(),
      requires_role: roleName,
      requires_approval: z.boolean(),
      approvers: z
        .array(z.enum(['human', ...ROLE_NAMES]))
        .min(1)
        .optional(),
      audit_required: z.boolean().optional(),
    }),
  ),
  estimates: z.strictObject({
    tokens_by_tool: z.record(z.string(), tokens),
    tokens_otherwise: tokens,
    usd_per_million_tokens: usd,
  }),
  budgets: z.strictObject({
    soft_limit: z.number().gt(0).max(1),
    escalation_usd: z.strictObject({ notify: usd, pause_and_approve: usd, terminate: usd }),
    fleet: spendingLimits,
    roles: z.partialRecord(roleName, spendingLimits),
  }),
  http_permissions: z.partialRecord(
    permission,
    z.union([z.literal('everyone'), z.literal('can_modify_agents'), z.array(roleName)]),
  ),
  agent_key_permissions: z.array(permission),
  redaction: redaction.optional(),
  alerts: alertRules.optional(),
});

/** A policy as it is written. */
export type PolicyDocument = z.infer<typeof policySchema>;
export type SpendingLimitsDocument = z.infer<typeof spendingLimits>;
