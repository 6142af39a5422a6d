import { ApiProperty } from '@nestjs/swagger';
import { type StepResult, STEPS } from '#rbac';

export class StepResponse {
  @ApiProperty({ description: 'The step.', enum: [...STEPS], example: 'path' })
  step!: string;
  @ApiProperty({
    description: 'What it found.',
    enum: ['allowed', 'denied', 'requires_approval', 'skipped'],
    example: 'denied',
  })
  outcome!: string;
  @ApiProperty({ description: 'The rule.', example: 'path.outside_role' })
  rule!: string;
  @ApiProperty({
    description: 'Why, for people.',
    example: 'docs/a.md is outside the scopes of the role developer.',
  })
  reason!: string;
  @ApiProperty({
    description: 'For a denial: the nearest thing that would have been allowed.',
    example: 'A path under src/**, within the root.',
    type: String,
    nullable: true,
  })
  nearest!: string | null;
  @ApiProperty({
    description: 'For an approval: who may give it.',
    example: null,
    type: [String],
    nullable: true,
  })
  approvers!: readonly string[] | null;
}

/** What a check would find, step by step. Nothing is recorded, and no approval is asked for. */
export class ExplainResponse {
  @ApiProperty({
    description: 'What would be decided.',
    enum: ['allowed', 'denied', 'requires_approval'],
    example: 'denied',
  })
  decision!: string;
  @ApiProperty({ description: 'The step that would decide.', enum: [...STEPS], example: 'path' })
  step!: string;
  @ApiProperty({ description: 'The rule that would decide.', example: 'path.outside_role' })
  rule!: string;
  @ApiProperty({
    description: 'Why, for people.',
    example: 'docs/a.md is outside the scopes of the role developer.',
  })
  reason!: string;
  @ApiProperty({ description: 'What to know beside.', type: [String], example: [] })
  marks!: readonly string[];
  @ApiProperty({
    description: 'SHA-256 of the policy, hex.',
    example: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
  })
  policy_version!: string;
  @ApiProperty({ description: 'Every step in its order.', type: [StepResponse] })
  steps!: StepResponse[];
}

export function toStepResponse({
  step,
  outcome,
  rule,
  reason,
  nearest,
  approvers,
}: StepResult): StepResponse {
  return { step, outcome, rule, reason, nearest: nearest ?? null, approvers: approvers ?? null };
}
