import { ApiProperty } from '@nestjs/swagger';
import { countsProperty } from '#contract';

export class RegistrySummaryResponse {
  @ApiProperty({ description: 'Live agents.', type: 'integer', example: 207 })
  total_agents!: number;
  @ApiProperty(countsProperty('Live agents by role.', { developer: 40 }))
  role_distribution!: Record<string, number>;
  @ApiProperty(countsProperty('Live agents by category.', { delivery: 18 }))
  category_distribution!: Record<string, number>;
  @ApiProperty({ description: 'How many are specialists.', type: 'integer', example: 60 })
  specialists!: number;
  @ApiProperty({ description: 'How many are generalists.', type: 'integer', example: 147 })
  generalists!: number;
}
