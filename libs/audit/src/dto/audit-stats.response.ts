import { ApiProperty } from '@nestjs/swagger';

const counts = (description: string, example: Record<string, number>) => ({
  description,
  example,
  type: 'object' as const,
  additionalProperties: { type: 'integer' as const },
});

export class AuditStatsResponse {
  @ApiProperty({ description: 'Entries in all.', type: 'integer', example: 3 })
  total_operations!: number;
  @ApiProperty(counts('Entries by decision.', { allowed: 2, denied: 1 }))
  rbac_decisions!: Record<string, number>;
  @ApiProperty(counts('Entries by operation type.', { tool_use: 3 }))
  operation_types!: Record<string, number>;
  @ApiProperty(counts('Entries by role of the agent.', { developer: 3 }))
  agent_roles!: Record<string, number>;
}
