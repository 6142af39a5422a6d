import type { StepResult } from './decision.js';
import type { OperationRule, RoleRules } from './decision-rules.js';
import { matchesWildcard } from './names.js';
import { denied, listed, type Situation, type StepFunction } from './step.js';

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
export const identity: StepFunction = (situation) =>
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
