import { ApiProperty } from '@nestjs/swagger';

const counts = (description: string, example: Record<string, number>) => ({
  description,
  example,
  type: 'object' as const,
  additionalProperties: { type: 'integer' as const },
});

export class RegistrySummaryResponse {
  @ApiProperty({ description: 'Live agents.', type: 'integer', example: 207 })
  total_agents!: number;
  @ApiProperty(counts('Live agents by role.', { developer: 40 }))
  role_distribution!: Record<string, number>;
  @ApiProperty(counts('Live agents by category.', { delivery: 18 }))
  category_distribution!: Record<string, number>;
  @ApiProperty({ description: 'How many are specialists.', type: 'integer', example: 60 })
  specialists!: number;
  @ApiProperty({ description: 'How many are generalists.', type: 'integer', example: 147 })
  generalists!: number;
}
