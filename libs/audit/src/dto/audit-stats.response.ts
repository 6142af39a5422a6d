import { ApiProperty } from '@nestjs/swagger';
import { countsProperty } from '#contract';

export class AuditStatsResponse {
  @ApiProperty({ description: 'Entries in all.', type: 'integer', example: 3 })
  total_operations!: number;
  @ApiProperty(countsProperty('Entries by decision.', { allowed: 2, denied: 1 }))
  rbac_decisions!: Record<string, number>;
  @ApiProperty(countsProperty('Entries by operation type.', { tool_use: 3 }))
  operation_types!: Record<string, number>;
  @ApiProperty(countsProperty('Entries by role of the agent.', { developer: 3 }))
  agent_roles!: Record<string, number>;
}
