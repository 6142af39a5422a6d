import type { ActionReading } from './action-reading.js';
import type { BudgetView, Outcome, Step, StepResult, Subject } from './decision.js';
import type { DecisionRules, Handling, OperationRule, OwnRules, RoleRules } from './decision-rules.js';
import { matchesWildcard } from './names.js';

/** All that a step may ask. */
export interface Situation {
  readonly rules: DecisionRules;
  readonly subject: Subject;
  /** Null where the role is unknown, or not one that an unregistered agent may claim. */
  readonly role: RoleRules | null;
  readonly own: OwnRules | null;
  readonly action: ActionReading;
  readonly budget: BudgetView | null;
}

/** Null where the step finds nothing to say. */
type StepFunction = (situation: Situation & { readonly role: RoleRules }) => StepResult | null;

const denied = (step: Step, rule: string, reason: string, nearest?: string): StepResult => ({
  step,
  outcome: 'denied',
  rule,
  reason,
  ...(nearest === undefined ? {} : { nearest }),
});

const approval = (
  rule: string,
  reason: string,
  approvers: readonly string[],
  step: Step = 'approval',
): StepResult => ({
  step,
  outcome: 'requires_approval',
  rule,
  reason,
  approvers,
});

const listed = (names: readonly string[]): string => (names.length === 0 ? 'none' : names.join(', '));

/** Step 1, before the rest of it: there is no role to ask. */
export function withoutRole({ subject, rules }: Situation): StepResult {
  if (subject.role !== null && rules.roles.has(subject.role)) {
    return denied(
      'identity',
      'identity.role_not_claimable',
      `An agent that is not registered cannot act as ${subject.role}.`,
      `One of the roles ${listed([...rules.unregisteredRoles])}, or registering the agent.`,
    );
  }
  return denied(
    'identity',
    'identity.unknown_role',
    subject.role === null
      ? 'The agent is not registered and gives no role.'
      : `There is no role ${subject.role}.`,
    `One of the roles ${listed([...rules.unregisteredRoles])}, or registering the agent.`,
  );
}

/** Step 1: nobody may do this, or not this identity. */
const identity: StepFunction = (situation) =>
  unreadableCommand(situation) ??
  destructive(situation) ??
  secret(situation) ??
  protectedFile(situation) ??
  operation(situation);

function unreadableCommand({ action, rules }: Situation): StepResult | null {
  if (action.commands?.length === 0) {
    return denied(
      'identity',
      'command.missing',
      `${action.request.toolName} runs a command, and none was sent.`,
    );
  }
  for (const command of action.commands ?? []) {
    if ('refused' in command) {
      return denied('identity', 'command.refused', `The command cannot be read: ${command.refused}.`);
    }
    if (command.opaque !== null && rules.opaque === 'denied') {
      return denied('identity', 'command.opaque', `Not all of the command can be seen: ${command.opaque}.`);
    }
    if (command.interpreted && rules.interpreted === 'denied') {
      return denied('identity', 'command.interpreted', 'The command holds code of another language.');
    }
  }
  return null;
}

function destructive({ action, rules }: Situation): StepResult | null {
  for (const command of action.commands ?? []) {
    if ('refused' in command) continue;
    const found = rules.destructive.find(({ rule }) => rule.matches(command));
    if (found)
      return denied(
        'identity',
        `command.destructive.${found.id}`,
        `The command is destructive: ${found.reason}.`,
      );
  }
  return null;
}

function secret({ action, rules, role, subject }: Situation & { role: RoleRules }): StepResult | null {
  if (role.canReadSecrets && subject.rights?.trusted !== false) return null;
  const refuse = (text: string, pattern: string): StepResult =>
    denied(
      'identity',
      'secret_file',
      `${text} is a secret file (${pattern}), and the role ${role.name} may not read secrets.`,
      'A file that holds no secret.',
    );
  for (const { text, result } of action.files ?? []) {
    const pattern = 'refused' in result ? null : rules.secretFiles.match(result);
    if (pattern !== null) return refuse(text, pattern);
  }
  for (const { text, reading } of action.namedFiles) {
    const pattern = rules.secretFiles.match(reading);
    if (pattern !== null) return refuse(text, pattern);
  }
  for (const glob of action.globs) {
    const pattern = rules.secretFiles.list.find((name) => seeksSecret(glob, name));
    if (pattern !== undefined) return refuse(glob, pattern);
  }
  return null;
}

/** Whether a glob that says something of the name, unlike `*`, would find a file such as `secret`. */
function seeksSecret(glob: string, secret: string): boolean {
  const last = (path: string): string => path.slice(path.lastIndexOf('/') + 1).toLowerCase();
  const name = last(glob);
  if (!/[\p{L}\p{N}]/u.test(name.replaceAll('*', ''))) return false;
  return matchesWildcard(name, last(secret).replaceAll('*', 'x'));
}

function protectedFile({ action, rules }: Situation): StepResult | null {
  const refuse = (text: string, pattern: string): StepResult =>
    denied('identity', 'protected_file', `${text} is protected from changes by agents (${pattern}).`);
  for (const { text, writes, result } of action.files ?? []) {
    const pattern = !writes || 'refused' in result ? null : rules.protectedFiles.match(result);
    if (pattern !== null) return refuse(text, pattern);
  }
  for (const { text, writes, reading } of action.namedFiles) {
    const pattern = writes ? rules.protectedFiles.match(reading) : null;
    if (pattern !== null) return refuse(text, pattern);
  }
  return null;
}

function operation({ action, rules, role }: Situation & { role: RoleRules }): StepResult | null {
  if (!action.operationKnown) {
    const declarable = rules.operations.filter(({ declared }) => declared).map(({ name }) => name);
    return denied(
      'identity',
      'operation.unknown',
      `The policy knows no operation ${action.request.operation ?? ''}.`,
      `One of ${listed(declarable)}.`,
    );
  }
  const barred = action.operations.find((rule) => !mayPerform(role, rule));
  if (!barred) return null;
  return denied(
    'identity',
    `operation.${barred.name}`,
    `${barred.name} is for the role ${barred.onlyRole ?? ''}.`,
    `An agent with the role ${barred.onlyRole ?? ''}.`,
  );
}

/** The role that it is for, the one that may use every tool, or one whose approvals the policy foresees. */
function mayPerform(role: RoleRules, { name, onlyRole }: OperationRule): boolean {
  return (
    onlyRole === null || onlyRole === role.name || role.tools.list.includes('*') || role.approvalFor.has(name)
  );
}

/** Step 2: the role's tools, without what the agent is denied, and no more than the agent is allowed. */
const tool: StepFunction = ({ action, role, own }) => {
  const { tools, server } = action;
  const name = tools[0] ?? '';
  const excluded = own?.denied.match(tools) ?? null;
  if (excluded !== null)
    return denied('tool', 'tool.denied_to_agent', `The agent is denied the tool ${name}.`);
  if (server !== null) return null;
  if (role.tools.match(tools) === null) {
    return denied(
      'tool',
      'tool.not_in_role',
      `The role ${role.name} has no tool ${name}.`,
      `One of ${listed(role.tools.list)}.`,
    );
  }
  if (own?.allowed && own.allowed.match(tools) === null) {
    return denied(
      'tool',
      'tool.not_in_agent',
      `The agent's own tools do not include ${name}.`,
      `One of ${listed(own.allowed.list)}.`,
    );
  }
  return null;
};

/** Step 3: every path inside a scope of the role, and of the agent. */
const path: StepFunction = ({ action, role, own }) => {
  if (action.files === null) return null;
  if (action.files.length === 0) {
    return denied('path', 'path.missing', `${action.request.toolName} works on a file, and none was named.`);
  }
  for (const { text, result } of action.files) {
    if ('refused' in result) return denied('path', 'path.refused', `The path is refused: ${result.refused}.`);
    if (role.scopes.match(result) === null) {
      return denied(
        'path',
        'path.outside_role',
        `${text} is outside the scopes of the role ${role.name}.`,
        `A path under ${listed(role.paths)}, within the root.`,
      );
    }
    if (own?.scopes && own.scopes.match(result) === null) {
      return denied(
        'path',
        'path.outside_agent',
        `${text} is outside the agent's own scopes.`,
        `A path under ${listed(own.scopes.list)}, within the root.`,
      );
    }
  }
  return null;
};

/** Step 4: the server of an MCP tool. */
const api: StepFunction = ({ action, role, own }) => {
  const { server } = action;
  if (server === null) return null;
  if (server === '') {
    return denied('api', 'api.malformed', 'An MCP tool is named mcp__server__tool.');
  }
  if (!role.api.has(server)) {
    return denied(
      'api',
      'api.not_in_role',
      `The role ${role.name} has no access to ${server}.`,
      `A tool of ${listed(role.api.list)}.`,
    );
  }
  if (own?.api && !own.api.has(server)) {
    return denied(
      'api',
      'api.not_in_agent',
      `The agent's own access does not include ${server}.`,
      `A tool of ${listed(own.api.list)}.`,
    );
  }
  return null;
};

/** Step 5: agents that start agents. */
const spawn: StepFunction = ({ action, role, rules }) => {
  if (role.canSpawn || !action.tools.some((name) => rules.spawnTools.has(name))) return null;
  return denied('spawn', 'spawn.not_allowed', `The role ${role.name} may not start agents.`);
};

/** Step 6: what is left of the day and of the session. */
const budget: StepFunction = ({ action, budget: left, rules }) => {
  if (left === null) {
    return {
      step: 'budget',
      outcome: 'skipped',
      rule: 'budget.no_context',
      reason: 'There is no budget to ask.',
    };
  }
  if (left.status === 'terminated') {
    return denied(
      'budget',
      'budget.terminated',
      'The agent spent so much today that the policy ended its day.',
    );
  }
  if (left.remainingMicro !== null && action.costMicro > left.remainingMicro) {
    return denied(
      'budget',
      'budget.cost',
      'The estimate is more than what is left of the budget.',
      `At most ${Math.max(0, left.remainingMicro) / 1e6} USD.`,
    );
  }
  if (left.remainingTokens !== null && action.tokens > left.remainingTokens) {
    return denied(
      'budget',
      'budget.tokens',
      "The estimate is more than what is left of the session's tokens.",
      `At most ${Math.max(0, left.remainingTokens)} tokens.`,
    );
  }
  if (left.status !== 'paused') return null;
  return approval(
    'budget.paused',
    'The agent spent so much today that the policy asks for an approval of all it does.',
    rules.approvers,
    'budget',
  );
};

/** Step 7: what somebody has to say yes to. */
const approvals: StepFunction = (situation) => {
  const { action, role, rules, subject } = situation;
  const needed = action.operations.find(
    ({ name, alwaysApproved }) => alwaysApproved || role.approvalFor.has(name),
  );
  if (needed)
    return approval(`approval.${needed.name}`, `${needed.name} takes an approval.`, needed.approvers);
  const unseen = unseenCommand(situation);
  if (unseen) return unseen;
  if (subject.rights?.requiresApproval) {
    return approval('approval.agent', 'All that this agent does takes an approval.', rules.approvers);
  }
  if (subject.rights && action.costMicro > subject.rights.approvalThresholdMicro) {
    return approval(
      'approval.threshold',
      `The estimate is above the agent's threshold of ${subject.rights.approvalThresholdMicro / 1e6} USD.`,
      rules.approvers,
    );
  }
  return null;
};

function unseenCommand({ action, rules }: Situation): StepResult | null {
  const asks = (handling: Handling): boolean => handling === 'requires_approval';
  for (const command of action.commands ?? []) {
    if ('refused' in command) continue;
    if (command.opaque !== null && asks(rules.opaque)) {
      return approval(
        'approval.opaque',
        `Not all of the command can be seen: ${command.opaque}.`,
        rules.approvers,
      );
    }
    if (asks(rules.opaque) && rules.destructive.some(({ rule }) => rule.mayMatch(command))) {
      return approval(
        'approval.opaque',
        'What the command is given is known only when it runs.',
        rules.approvers,
      );
    }
    if (command.interpreted && asks(rules.interpreted)) {
      return approval('approval.interpreted', 'The command holds code of another language.', rules.approvers);
    }
  }
  return null;
}

/** The steps in their order. */
export const STEP_FUNCTIONS: readonly (readonly [Step, StepFunction])[] = [
  ['identity', identity],
  ['tool', tool],
  ['path', path],
  ['api', api],
  ['spawn', spawn],
  ['budget', budget],
  ['approval', approvals],
];

/** What a step says that found nothing. */
export const passed = (step: Step): StepResult => ({
  step,
  outcome: 'allowed' satisfies Outcome,
  rule: `${step}.passed`,
  reason: 'Nothing speaks against it.',
});
