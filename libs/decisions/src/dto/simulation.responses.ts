import { ApiProperty } from '@nestjs/swagger';

class SimulationDifferenceResponse {
  @ApiProperty({
    description: 'The decision.',
    format: 'uuid',
    example: '019ab0de-7c1f-7f5a-9d25-2f0c5d9f3a11',
  })
  decision_id!: string;
  @ApiProperty({ description: 'The agent.', example: 'coder' })
  agent_name!: string;
  @ApiProperty({ description: 'The tool.', example: 'Write' })
  tool_name!: string;
  @ApiProperty({
    description: 'When, ISO 8601 UTC.',
    format: 'date-time',
    example: '2026-01-05T10:00:00.000Z',
  })
  recorded_at!: string;
  @ApiProperty({ description: 'What was decided.', example: 'allowed' })
  was!: string;
  @ApiProperty({ description: 'By which rule.', example: 'allowed' })
  was_rule!: string;
  @ApiProperty({ description: 'What would be decided.', example: 'denied' })
  would_be!: string;
  @ApiProperty({ description: 'By which rule.', example: 'path.outside_role' })
  rule!: string;
  @ApiProperty({ description: 'Why.', example: 'docs/a.md is outside the scopes of the role developer.' })
  reason!: string;
}

/** The last line; lines before it are `{"type":"progress","done","total"}`. */
export class SimulationResultResponse {
  @ApiProperty({ description: 'What kind of line this is.', example: 'result' })
  type!: string;
  @ApiProperty({
    description: 'SHA-256 of the candidate, hex.',
    example: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
  })
  policy_version!: string;
  @ApiProperty({ description: 'Decisions in the range.', type: 'integer', example: 1200 })
  decisions!: number;
  @ApiProperty({ description: 'Those made before any policy was asked.', type: 'integer', example: 3 })
  skipped!: number;
  @ApiProperty({ description: 'Those that would be the same.', type: 'integer', example: 1190 })
  unchanged!: number;
  @ApiProperty({ description: 'Those that would not.', type: 'integer', example: 7 })
  changed!: number;
  @ApiProperty({
    description: 'How many became what.',
    example: { 'allowed → denied': 7 },
    type: 'object',
    additionalProperties: { type: 'integer' },
  })
  changes!: Record<string, number>;
  @ApiProperty({ description: 'The first hundred.', type: [SimulationDifferenceResponse] })
  differences!: SimulationDifferenceResponse[];
}
