import type { Outcome, Step, StepResult } from './decision.js';
import type { Handling } from './decision-rules.js';
import { identity } from './identity-step.js';
import { approval, denied, listed, type Situation, type StepFunction } from './step.js';

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
