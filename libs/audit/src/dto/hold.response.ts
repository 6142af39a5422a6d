import { ApiProperty } from '@nestjs/swagger';
import { formatTime } from '#contract';
import type { Hold } from '../retention/holds.repository.js';

const time = (description: string) => ({
  ...{ description, format: 'date-time', example: '2026-01-05T10:00:00.000Z' },
  ...{ type: String, nullable: true },
});

export class HoldResponse {
  @ApiProperty({ description: 'Id of the hold.', example: '019ab0de-7c1f-7f5a-9d25-2f0c5d9f3a11' })
  hold_id!: string;
  @ApiProperty({
    description: 'Of this agent alone; null for all.',
    type: String,
    nullable: true,
    example: 'coder',
  })
  agent_id!: string | null;
  @ApiProperty(time('Entries from then on; null for no bound, ISO 8601 UTC.'))
  start_date!: string | null;
  @ApiProperty(time('Entries before then; null for no bound, ISO 8601 UTC.'))
  end_date!: string | null;
  @ApiProperty({ description: 'Why it was placed; empty once that was erased.', example: 'case 4711' })
  reason!: string;
  @ApiProperty({ description: 'Who placed it.', example: '019ab0de-7c1f-7f5a-9d25-2f0c5d9f3a11' })
  placed_by!: string;
  @ApiProperty({
    description: 'When it was placed, ISO 8601 UTC.',
    format: 'date-time',
    example: '2026-01-05T10:00:00.000Z',
  })
  placed_at!: string;
  @ApiProperty({
    description: 'Who released it; null while it is in force.',
    type: String,
    nullable: true,
    example: null,
  })
  released_by!: string | null;
  @ApiProperty(time('When it was released; null while it is in force, ISO 8601 UTC.'))
  released_at!: string | null;
}

const timeOf = (ms: number | null): string | null => (ms === null ? null : formatTime(ms));

export function toHoldResponse(hold: Hold): HoldResponse {
  return {
    hold_id: hold.holdId,
    agent_id: hold.agentId,
    start_date: timeOf(hold.fromTime),
    end_date: timeOf(hold.toTime),
    reason: hold.reason,
    placed_by: hold.placedBy,
    placed_at: formatTime(hold.placedAt),
    released_by: hold.releasedBy,
    released_at: timeOf(hold.releasedAt),
  };
}
