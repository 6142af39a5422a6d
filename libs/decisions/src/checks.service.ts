import { Inject, Injectable } from '@nestjs/common';
import { CONFIG, type Config } from '#config';
import {
  type ApprovalAnswer,
  ApprovalDesk,
  type ApprovalRequest,
  AuditTrail,
  canonicalJson,
  Clock,
  type OperationContext,
  MaskedKinds,
  type Redactor,
  toStorable,
  type TransactionContext,
  TransactionRunner,
} from '#kernel';
import { type BudgetView, decide, explain, PolicyInForce, type StepResult, type Verdict } from '#rbac';
import { type CheckQuestion, CheckQuestions } from './check-questions.js';
import type { CheckedDecision } from './checked-decision.js';
import { type DecisionFacts, toDecisionEntry, withoutSecrets } from './decision-entry.js';
import type { CheckRequest } from './dto/check.request.js';
import { DECISION_MS, RecentDecisions } from './recent-decisions.js';
import { NOT_REGISTERED, REUSED, TOO_DEEP } from './refusals.js';

/** Decides, and records each decision before it is answered. */
@Injectable()
export class ChecksService {
  constructor(
    @Inject(CONFIG) private readonly config: Pick<Config, 'unknownAgents'>,
    private readonly policy: PolicyInForce,
    private readonly questions: CheckQuestions,
    private readonly recent: RecentDecisions,
    private readonly approvals: ApprovalDesk,
    private readonly transactions: TransactionRunner,
    private readonly trail: AuditTrail,
    private readonly clock: Clock,
  ) {}

  /** @throws AccessDenied when an agent's key asks for another agent. */
  async check(ctx: OperationContext, request: CheckRequest): Promise<CheckedDecision> {
    const question = await this.questions.of(ctx, request);
    const { tool_use_id: toolUseId } = request;
    if (toolUseId === undefined || question.hash === null) return this.decideAndRecord(ctx, question);
    const key = JSON.stringify([ctx.principal.id, question.actor.agentId, toolUseId]);
    const decision = this.recent.once(ctx, key, question.hash, () => this.decideAndRecord(ctx, question));
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
    const question = await this.questions.of(ctx, request);
    const { rules } = this.policy.current;
    const { subject, action, budget } = question;
    return { ...explain(rules, subject, action, budget), policyVersion: rules.version, budget };
  }

  private decideAndRecord(ctx: OperationContext, question: CheckQuestion): Promise<CheckedDecision> {
    if (question.hash === null) return this.record(ctx, question, TOO_DEEP);
    if (question.agent === null && this.config.unknownAgents === 'deny') {
      return this.record(ctx, question, NOT_REGISTERED);
    }
    const { subject, action, budget } = question;
    const verdict = decide(this.policy.current.rules, subject, action, budget);
    if (verdict.decision !== 'requires_approval') return this.record(ctx, question, verdict);
    return this.transactions.run(ctx, async (tx) => {
      const approval = await this.approvals.ask(
        tx,
        toApprovalRequest(question, verdict, this.policy.current.redactor),
      );
      return this.enter(tx, question, afterApproval(verdict, approval), approval);
    });
  }

  private record(ctx: OperationContext, question: CheckQuestion, verdict: Verdict): Promise<CheckedDecision> {
    return this.transactions.append(ctx, (tx) => this.enter(tx, question, verdict, null));
  }

  private enter(
    tx: TransactionContext,
    question: CheckQuestion,
    decided: Verdict,
    approval: ApprovalAnswer | null,
  ): CheckedDecision {
    const { rules, redactor } = this.policy.current;
    const masked = new MaskedKinds(question.masked);
    // It names parts of commands and paths; and the answer, which shows it, may be kept for repeats.
    const verdict = redactor.value(decided, masked) as Verdict;
    const { request, actor, subject, action, budget, hash } = question;
    const expiresAt = approval?.status === 'pending' ? approval.expiresAt : this.clock.now() + DECISION_MS;
    const facts: DecisionFacts = {
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
    };
    const clean = withoutSecrets(facts, redactor, masked);
    const { auditId } = this.trail.record(tx, toDecisionEntry(clean, masked.list));
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

/** The request as approvers see it; its hash is over all of it as it was sent. */
function toApprovalRequest(
  { request, actor, action, hash }: CheckQuestion,
  verdict: Verdict,
  redactor: Redactor,
): ApprovalRequest {
  const masked = new MaskedKinds();
  const kept = (text: string): string => redactor.text(toStorable(text), masked);
  const keptOrNull = (text: string | null): string | null => (text === null ? null : kept(text));
  const { tool_input, file_path, real_path, command } = request;
  const texts = {
    hash: hash ?? '',
    agent: actor,
    toolName: kept(request.tool_name),
    toolInput: toStorable(
      canonicalJson(redactor.value({ tool_input, file_path, real_path, command }, masked)),
    ),
    operation: keptOrNull(action.operation),
    root: keptOrNull(action.root),
    cwd: keptOrNull(action.cwd),
    sessionId: keptOrNull(request.session_id ?? null),
    rule: verdict.rule,
    reason: kept(verdict.reason),
    approvers: verdict.approvers ?? [],
  };
  return { ...texts, redacted: masked.list };
}
