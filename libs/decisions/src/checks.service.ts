import { Inject, Injectable } from '@nestjs/common';
import { CONFIG, type Config } from '#config';
import {
  AgentDirectory,
  type AgentRef,
  type ApprovalAnswer,
  ApprovalDesk,
  AuditTrail,
  BudgetState,
  canonicalJson,
  Clock,
  type EventDraft,
  type OperationContext,
  redact,
  toMicroUsd,
  toStorable,
  type TransactionContext,
  TransactionRunner,
} from '#kernel';
import {
  type ActionRequest,
  type BudgetView,
  decide,
  explain,
  PolicyInForce,
  requireOwnAgent,
  type StepResult,
  type Subject,
  type Verdict,
} from '#rbac';
import type { CheckedDecision } from './checked-decision.js';
import { toDecisionEntry } from './decision-entry.js';
import type { CheckRequest } from './dto/check.request.js';
import { DECISION_MS, RecentDecisions } from './recent-decisions.js';
import { RequestHash } from './request-hash.js';
import { SessionRoots } from './session-roots.js';

/** All that a decision is made from. */
interface Question {
  readonly request: CheckRequest;
  readonly agent: AgentRef | null;
  /** As it stands in the log. */
  readonly actor: EventDraft['agent'];
  readonly subject: Subject;
  readonly action: ActionRequest;
  readonly budget: BudgetView | null;
  /** Null for an input that nests too deep to be read. */
  readonly hash: string | null;
}

/** Decides, and records each decision before it is answered. */
@Injectable()
export class ChecksService {
  constructor(
    @Inject(CONFIG) private readonly config: Pick<Config, 'unknownAgents'>,
    private readonly policy: PolicyInForce,
    private readonly agents: AgentDirectory,
    private readonly budgets: BudgetState,
    private readonly roots: SessionRoots,
    private readonly hashes: RequestHash,
    private readonly recent: RecentDecisions,
    private readonly approvals: ApprovalDesk,
    private readonly transactions: TransactionRunner,
    private readonly trail: AuditTrail,
    private readonly clock: Clock,
  ) {}

  /** @throws AccessDenied when an agent's key asks for another agent. */
  async check(ctx: OperationContext, request: CheckRequest): Promise<CheckedDecision> {
    const question = await this.read(ctx, request);
    const { tool_use_id: toolUseId } = request;
    if (toolUseId === undefined || question.hash === null) return this.decideAndRecord(ctx, question);
    const key = JSON.stringify([ctx.principal.id, question.actor.agentId, toolUseId]);
    const decision = this.recent.once(key, question.hash, () => this.decideAndRecord(ctx, question));
    return decision ?? this.record(ctx, question, REUSED);
  }

  /** What every step finds; records nothing. @throws AccessDenied */
  async explain(
    ctx: OperationContext,
    request: CheckRequest,
  ): Promise<{
    verdict: Verdict;
    trace: readonly StepResult[];
    policyVersion: string;
    budget: BudgetView | null;
  }> {
    const question = await this.read(ctx, request);
    const { rules } = this.policy.current;
    const { subject, action, budget } = question;
    return { ...explain(rules, subject, action, budget), policyVersion: rules.version, budget };
  }

  private async read(ctx: OperationContext, request: CheckRequest): Promise<Question> {
    const agent = this.agentOf(ctx, request);
    const name = agent?.name ?? (request.agent_id || request.agent_name || 'unknown');
    const actor = agent ?? {
      agentId: toStorable(name).slice(0, 256),
      name: toStorable(name).slice(0, 256),
      role: toStorable(request.agent_role ?? 'unknown').slice(0, 64),
    };
    const cwd = request.cwd ?? null;
    const sessionId = request.session_id ?? null;
    const owner = agent?.agentId ?? `${ctx.principal.id} ${name}`;
    const [root, budget] = await Promise.all([
      this.roots.rootOf(ctx, owner, sessionId, cwd),
      agent ? this.budgets.of(agent, sessionId) : null,
    ]);
    const action = toAction(request, root);
    const subject = { name, role: agent?.role ?? request.agent_role ?? null, rights: agent?.rights ?? null };
    return {
      request,
      agent,
      actor,
      subject,
      action,
      budget,
      hash: this.hashOf(ctx, actor.agentId, request, root),
    };
  }

  private agentOf(ctx: OperationContext, request: CheckRequest): AgentRef | null {
    const own = ctx.principal.agentId;
    const reference = request.agent_id || request.agent_name;
    if (own === null) return reference ? this.agents.resolve(reference) : null;
    if (reference) requireOwnAgent(ctx, this.agents.idFor(reference));
    return this.agents.resolve(own);
  }

  private hashOf(
    ctx: OperationContext,
    agent: string,
    request: CheckRequest,
    root: string | null,
  ): string | null {
    const { tool_input, file_path, real_path, command } = request;
    try {
      return this.hashes.of({
        agent,
        principal: ctx.principal.id,
        tool: request.tool_name,
        input: { tool_input, file_path, real_path, command },
        operation: request.operation ?? null,
        root,
        cwd: request.cwd ?? null,
        session: request.session_id ?? null,
      });
    } catch (error) {
      if (error instanceof RangeError) return null;
      throw error;
    }
  }

  private decideAndRecord(ctx: OperationContext, question: Question): Promise<CheckedDecision> {
    if (question.hash === null) return this.record(ctx, question, TOO_DEEP);
    if (question.agent === null && this.config.unknownAgents === 'deny') {
      return this.record(ctx, question, NOT_REGISTERED);
    }
    const { subject, action, budget } = question;
    const verdict = decide(this.policy.current.rules, subject, action, budget);
    if (verdict.decision !== 'requires_approval') return this.record(ctx, question, verdict);
    return this.transactions.run(ctx, async (tx) => {
      const approval = await this.approvals.ask(tx, toApprovalRequest(question, verdict));
      return this.enter(tx, question, afterApproval(verdict, approval), approval);
    });
  }

  private record(ctx: OperationContext, question: Question, verdict: Verdict): Promise<CheckedDecision> {
    return this.transactions.append(ctx, (tx) => this.enter(tx, question, verdict, null));
  }

  private enter(
    tx: TransactionContext,
    question: Question,
    verdict: Verdict,
    approval: ApprovalAnswer | null,
  ): CheckedDecision {
    const { rules } = this.policy.current;
    const { request, actor, subject, action, budget, hash } = question;
    const expiresAt = approval?.status === 'pending' ? approval.expiresAt : this.clock.now() + DECISION_MS;
    const { auditId } = this.trail.record(
      tx,
      toDecisionEntry({
        agent: actor,
        role: subject.role,
        rights: subject.rights,
        action: hash === null ? { ...action, toolInput: null } : action,
        verdict,
        policyVersion: rules.version,
        budget,
        requestHash: hash ?? '',
        sessionId: request.session_id ?? null,
        toolUseId: request.tool_use_id ?? null,
        approvalId: approval?.approvalId ?? null,
        expiresAt,
        context: hash === null ? null : (request.context ?? null),
      }),
    );
    const approvers = verdict.approvers ?? [];
    return {
      decisionId: auditId,
      verdict,
      policyVersion: rules.version,
      approval,
      approvers,
      budget,
      expiresAt,
    };
  }
}

const refusal = (rule: string, reason: string, nearest: string | null, marks: string[] = []): Verdict => ({
  decision: 'denied',
  step: 'identity',
  rule,
  reason,
  nearest,
  approvers: null,
  marks,
});

const TOO_DEEP = refusal('input.too_deep', 'The input nests too deep to be read.', null);
const REUSED = refusal(
  'tool_use.reused',
  'Another request was decided under this tool use.',
  'A tool_use_id of its own for each use.',
);
const NOT_REGISTERED = refusal(
  'identity.not_registered',
  'The agent is not registered.',
  'A registered agent.',
  ['unregistered'],
);

/** What a decision becomes once somebody approved or denied. */
function afterApproval(verdict: Verdict, { status, comment }: ApprovalAnswer): Verdict {
  if (status === 'pending') return verdict;
  const said = comment === null ? '' : `: ${comment}`;
  if (status === 'denied') {
    return {
      ...verdict,
      decision: 'denied',
      rule: 'approval.denied',
      reason: `The approval was denied${said}.`,
    };
  }
  return { ...verdict, decision: 'allowed', reason: `${verdict.reason} It was given${said}.` };
}

function toAction(request: CheckRequest, root: string | null): ActionRequest {
  return {
    toolName: request.tool_name,
    toolInput: request.tool_input ?? null,
    filePath: request.file_path ?? null,
    realPath: request.real_path ?? null,
    command: request.command ?? null,
    operation: request.operation ?? null,
    cwd: request.cwd ?? null,
    root,
    estimatedTokens: request.estimated_tokens ?? null,
    estimatedCostMicro:
      request.estimated_cost_usd === undefined ? null : toMicroUsd(request.estimated_cost_usd),
  };
}

function toApprovalRequest({ request, actor, action, hash }: Question, verdict: Verdict) {
  const { tool_input, file_path, real_path, command } = request;
  return {
    hash: hash ?? '',
    agent: actor,
    toolName: toStorable(request.tool_name),
    toolInput: redact(toStorable(canonicalJson({ tool_input, file_path, real_path, command }))),
    operation: action.operation,
    root: action.root,
    cwd: action.cwd,
    sessionId: request.session_id ?? null,
    rule: verdict.rule,
    reason: verdict.reason,
    approvers: verdict.approvers ?? [],
  };
}
