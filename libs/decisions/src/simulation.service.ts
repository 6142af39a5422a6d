import { Injectable } from '@nestjs/common';
import { formatTime } from '#contract';
import { DomainError } from '#kernel';
import { compilePolicy, decide, InvalidPolicy, type Policy } from '#rbac';
import {
  type DecisionRange,
  type RecordedDecision,
  RecordedDecisionsRepository,
} from './recorded-decisions.repository.js';

/** Differences that are told one by one; the rest is counted. */
const MAX_DIFFERENCES = 100;
/** Decisions that no policy made. */
const BEFORE_POLICY = new Set(['tool_use.reused', 'input.too_deep', 'identity.not_registered']);

export interface SimulationDifference {
  readonly decision_id: string;
  readonly agent_name: string;
  readonly tool_name: string;
  readonly recorded_at: string;
  readonly was: string;
  readonly was_rule: string;
  readonly would_be: string;
  readonly rule: string;
  readonly reason: string;
}

/** A line of the answer. */
export type SimulationLine =
  | { readonly type: 'progress'; readonly done: number; readonly total: number }
  | {
      readonly type: 'result';
      readonly policy_version: string;
      readonly decisions: number;
      /** Made before any policy was asked. */
      readonly skipped: number;
      readonly unchanged: number;
      readonly changed: number;
      /** How many became what, such as `denied → allowed`. */
      readonly changes: Readonly<Record<string, number>>;
      readonly differences: readonly SimulationDifference[];
    };

/** Decides recorded requests again, under a policy that is not in force. */
@Injectable()
export class SimulationService {
  constructor(private readonly decisions: RecordedDecisionsRepository) {}

  /** @throws DomainError `POLICY_INVALID` */
  compile(document: string): Policy {
    try {
      return compilePolicy(document, 'policy');
    } catch (error) {
      if (!(error instanceof InvalidPolicy)) throw error;
      const problems = error.problems.map((message) => ({ path: 'policy', message }));
      throw new DomainError(
        'POLICY_INVALID',
        `The policy is not valid: ${error.problems[0] ?? ''}`,
        problems,
      );
    }
  }

  /** Tells how far it is after each page, and at the end what would change. */
  async *run(policy: Policy, range: DecisionRange): AsyncGenerator<SimulationLine> {
    const total = await this.decisions.count(range);
    const differences: SimulationDifference[] = [];
    const changes: Record<string, number> = {};
    let done = 0;
    let skipped = 0;
    let changed = 0;
    yield { type: 'progress', done, total };
    for await (const page of this.decisions.pages(range)) {
      for (const recorded of page) {
        if (BEFORE_POLICY.has(recorded.context.rule)) {
          skipped += 1;
          continue;
        }
        const difference = compare(policy, recorded);
        if (!difference) continue;
        changed += 1;
        const change = `${difference.was} → ${difference.would_be}`;
        changes[change] = (changes[change] ?? 0) + 1;
        if (differences.length < MAX_DIFFERENCES) differences.push(difference);
      }
      done += page.length;
      yield { type: 'progress', done, total: Math.max(done, total) };
    }
    const unchanged = done - skipped - changed;
    const policy_version = policy.version;
    yield {
      type: 'result',
      policy_version,
      decisions: done,
      skipped,
      unchanged,
      changed,
      changes,
      differences,
    };
  }
}

function compare(policy: Policy, { context, ...recorded }: RecordedDecision): SimulationDifference | null {
  const { subject, request, budget } = context;
  const verdict = decide(policy.rules, subject, request, budget);
  // What was asked of somebody is what the policy decided; the answer was theirs.
  const was = context.approval_id === undefined ? recorded.decision : 'requires_approval';
  if (was === verdict.decision) return null;
  return {
    decision_id: recorded.decisionId,
    agent_name: recorded.agentName,
    tool_name: request.toolName,
    recorded_at: formatTime(recorded.recordedAt),
    was,
    was_rule: context.rule,
    would_be: verdict.decision,
    rule: verdict.rule,
    reason: verdict.reason,
  };
}
