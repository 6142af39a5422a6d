import { ApiProperty } from '@nestjs/swagger';
import { formatTime } from '#contract';
import { fromMicroUsd } from '#kernel';
import { STEPS } from '#rbac';
import type { CheckedDecision } from '../checked-decision.js';

const nullableText = (description: string, example: string | null) => ({
  description,
  example,
  type: String,
  nullable: true,
});

export class DecisionApprovalResponse {
  @ApiProperty({
    description: 'Id of the approval.',
    format: 'uuid',
    example: '019ab0de-7c1f-7f5a-9d25-2f0c5d9f3a11',
  })
  approval_id!: string;
  @ApiProperty({
    description: '`spent`: it was given, and this decision used it.',
    enum: ['pending', 'denied', 'spent'],
    example: 'pending',
  })
  status!: string;
  @ApiProperty({ description: 'Who may give it.', type: [String], example: ['human', 'admin'] })
  approvers!: readonly string[];
  @ApiProperty({
    description: 'When it ends, ISO 8601 UTC.',
    format: 'date-time',
    example: '2026-01-05T10:15:00.000Z',
  })
  expires_at!: string;
  @ApiProperty(nullableText('What the approver said.', null))
  comment!: string | null;
}

export class DecisionBudgetResponse {
  @ApiProperty({
    description: 'USD; null where nothing limits it.',
    example: 27.5,
    type: Number,
    nullable: true,
  })
  remaining_cost!: number | null;
  @ApiProperty({
    description: 'Tokens of the session; null where nothing limits it.',
    example: 150000,
    type: 'integer',
    nullable: true,
  })
  remaining_tokens!: number | null;
  @ApiProperty({
    description: 'Where the account stands.',
    enum: ['ok', 'soft_limit', 'exceeded', 'paused', 'terminated'],
    example: 'ok',
  })
  status!: string;
}

/** One decision. A denial is an answer: its status is 200. */
export class CheckResponse {
  @ApiProperty({
    description: 'What was decided.',
    enum: ['allowed', 'denied', 'requires_approval'],
    example: 'denied',
  })
  decision!: string;
  @ApiProperty({
    description: 'The `audit_id` of its entry in the log.',
    format: 'uuid',
    example: '019ab0de-7c1f-7f5a-9d25-2f0c5d9f3a11',
  })
  decision_id!: string;
  @ApiProperty({ description: 'The step that decided.', enum: [...STEPS], example: 'path' })
  step!: string;
  @ApiProperty({ description: 'The rule that decided.', example: 'path.outside_role' })
  rule!: string;
  @ApiProperty({
    description: 'Why, for people.',
    example: 'docs/a.md is outside the scopes of the role developer.',
  })
  reason!: string;
  @ApiProperty(
    nullableText(
      'For a denial: the nearest thing that would have been allowed.',
      'A path under src/**, tests/**, within the root.',
    ),
  )
  nearest!: string | null;
  @ApiProperty({
    description: 'What to know beside: `unregistered`, `untrusted`, `opaque`, `interpreted`.',
    type: [String],
    example: [],
  })
  marks!: readonly string[];
  @ApiProperty({
    description: 'SHA-256 of the policy that decided, hex.',
    example: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
  })
  policy_version!: string;
  @ApiProperty({
    description: 'The approval that it takes or took; null where it takes none.',
    type: DecisionApprovalResponse,
    nullable: true,
  })
  approval!: DecisionApprovalResponse | null;
  @ApiProperty({
    description: 'What was left before this; null without a budget.',
    type: DecisionBudgetResponse,
    nullable: true,
  })
  budget!: DecisionBudgetResponse | null;
  @ApiProperty({
    description: 'Until when the answer stands, ISO 8601 UTC.',
    format: 'date-time',
    example: '2026-01-05T10:01:00.000Z',
  })
  expires_at!: string;
}

export function toCheckResponse(decision: CheckedDecision): CheckResponse {
  const { verdict, approval, budget } = decision;
  return {
    decision: verdict.decision,
    decision_id: decision.decisionId,
    step: verdict.step,
    rule: verdict.rule,
    reason: verdict.reason,
    nearest: verdict.nearest,
    marks: verdict.marks,
    policy_version: decision.policyVersion,
    approval: approval && {
      approval_id: approval.approvalId,
      status: approval.status,
      approvers: decision.approvers,
      expires_at: formatTime(approval.expiresAt),
      comment: approval.comment,
    },
    budget: budget && {
      remaining_cost: budget.remainingMicro === null ? null : fromMicroUsd(budget.remainingMicro),
      remaining_tokens: budget.remainingTokens,
      status: budget.status,
    },
    expires_at: formatTime(decision.expiresAt),
  };
}
