import { ApiProperty } from '@nestjs/swagger';
import { formatTime } from '#contract';
import type { LastOperation } from '../fleet.read-model.js';

const nullableText = (description: string, example: string) => ({
  description,
  example,
  type: String,
  nullable: true,
});

/** The newest entry that says what was done, without those that book what it cost. */
export class LastOperationResponse {
  @ApiProperty({ description: 'Its place in the log.', type: 'integer', example: 42 })
  seq!: number;
  @ApiProperty({ description: 'What kind of thing it was.', example: 'tool_use' })
  type!: string;
  @ApiProperty(nullableText('What was done.', 'Write: src/app.ts'))
  detail!: string | null;
  @ApiProperty(nullableText('To what.', 'src/app.ts'))
  target!: string | null;
  @ApiProperty({
    description: 'When, ISO 8601 UTC.',
    format: 'date-time',
    example: '2026-01-05T10:00:00.000Z',
  })
  timestamp!: string;
  @ApiProperty({ description: 'Its texts were erased on demand.', example: false })
  redacted!: boolean;
}

export function toLastOperation(row: LastOperation): LastOperationResponse | null {
  if (row.operation_seq === null || row.operation_type === null || row.operation_at === null) return null;
  return {
    seq: row.operation_seq,
    type: row.operation_type,
    detail: row.operation_detail,
    target: row.target_resource,
    timestamp: formatTime(row.operation_at),
    redacted: row.erased === 1,
  };
}
