import { Injectable } from '@nestjs/common';
import { AgentDirectory, type ReportedToolUse, toIndexedId, ToolUseGate, type ToolUseFinding } from '#kernel';
import { PolicyInForce } from '#rbac';
import { RecordedDecisionsRepository, type ToolUseDecision } from './recorded-decisions.repository.js';
import { RequestHash } from './request-hash.js';
import { SessionRoots } from './session-roots.js';

/** Compares reports with the decisions that the log holds. */
@Injectable()
export class RecordedToolUseGate extends ToolUseGate {
  constructor(
    private readonly decisions: RecordedDecisionsRepository,
    private readonly agents: AgentDirectory,
    private readonly roots: SessionRoots,
    private readonly hashes: RequestHash,
    private readonly policy: PolicyInForce,
  ) {
    super();
  }

  async compare(use: ReportedToolUse): Promise<ToolUseFinding | null> {
    const toolUseId = toIndexedId(this.policy.current.redactor.text(use.toolUseId));
    if (toolUseId === null) return null;
    const made = await this.decisions.ofToolUse(use.agentId, toolUseId);
    if (made.length === 0) return { finding: 'ungated', decisionId: null };
    const same: ToolUseDecision[] = [];
    for (const decision of made) if (await this.isSame(use, decision)) same.push(decision);
    if (same.some(({ decision }) => decision === 'allowed')) return null;
    // What was refused and ran all the same is worse than what ran otherwise than asked.
    const [refused] = same;
    if (refused) return { finding: 'executed_denied', decisionId: refused.decisionId };
    const [newest] = made;
    return { finding: 'executed_differs', decisionId: newest?.decisionId ?? null };
  }

  /** Whether what ran is what was asked; what a report leaves out is taken to be as it was asked. */
  private async isSame({ agentId, context: ran }: ReportedToolUse, asked: ToolUseDecision): Promise<boolean> {
    const { request, request_hash: hash, session_id: askedSession = null } = asked.context;
    const toolName = ran['tool_name'] ?? request.toolName;
    if (INPUTS.every((name) => ran[name] === undefined)) return toolName === request.toolName;
    const session = ran['session_id'] ?? askedSession;
    const cwd = ran['cwd'] ?? request.cwd;
    const owner = this.agents.resolve(agentId)?.agentId ?? `${asked.principalId} ${agentId}`;
    const root = typeof session === 'string' ? await this.roots.known(owner, session) : null;
    const repeated = {
      ...{ tool_input: ran['tool_input'], file_path: ran['file_path'], real_path: ran['real_path'] },
      ...{ command: ran['command'], operation: ran['operation'] ?? request.operation },
      ...{ tool_name: toolName, cwd, session_id: session },
    };
    const asker = { agent: agentId, principal: asked.principalId, root: root ?? request.root };
    return this.hashes.ofCheck(repeated, asker) === hash;
  }
}

const INPUTS = ['tool_input', 'file_path', 'real_path', 'command'] as const;
