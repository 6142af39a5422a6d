import { Injectable } from '@nestjs/common';
import {
  AgentDirectory,
  type AgentRef,
  BudgetState,
  type EventDraft,
  MaskedKinds,
  type OperationContext,
  toMicroUsd,
  toStorable,
} from '#kernel';
import { type ActionRequest, type BudgetView, PolicyInForce, requireOwnAgent, type Subject } from '#rbac';
import type { CheckRequest } from './dto/check.request.js';
import { RequestHash } from './request-hash.js';
import { SessionRoots } from './session-roots.js';

/** All that a decision is made from. */
export interface CheckQuestion {
  readonly request: CheckRequest;
  readonly agent: AgentRef | null;
  /** As it stands in the log. */
  readonly actor: EventDraft['agent'];
  readonly subject: Subject;
  readonly action: ActionRequest;
  readonly budget: BudgetView | null;
  /** Null for an input that nests too deep to be read. */
  readonly hash: string | null;
  /** Of the actor. */
  readonly masked: MaskedKinds;
}

/** Finds what is known of the agent, its session and its budget. */
@Injectable()
export class CheckQuestions {
  constructor(
    private readonly agents: AgentDirectory,
    private readonly budgets: BudgetState,
    private readonly roots: SessionRoots,
    private readonly hashes: RequestHash,
    private readonly policy: PolicyInForce,
  ) {}

  /** @throws AccessDenied when an agent's key asks for another agent; StoreUnavailable */
  async of(ctx: OperationContext, request: CheckRequest): Promise<CheckQuestion> {
    const agent = this.agentOf(ctx, request);
    const name = agent?.name ?? (request.agent_id || request.agent_name || 'unknown');
    const masked = new MaskedKinds();
    const kept = (text: string): string => this.policy.current.redactor.text(toStorable(text), masked);
    const actor = agent ?? {
      agentId: kept(name).slice(0, 256),
      name: kept(name).slice(0, 256),
      role: kept(request.agent_role ?? 'unknown').slice(0, 64),
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
    const hash = this.hashes.ofCheck(request, { agent: actor.agentId, principal: ctx.principal.id, root });
    return { request, agent, actor, subject, action, budget, hash, masked };
  }

  private agentOf(ctx: OperationContext, request: CheckRequest): AgentRef | null {
    const own = ctx.principal.agentId;
    const reference = request.agent_id || request.agent_name;
    if (own === null) return reference ? this.agents.resolve(reference) : null;
    if (reference) requireOwnAgent(ctx, this.agents.idFor(reference));
    return this.agents.resolve(own);
  }
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
