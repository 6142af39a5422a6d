import { ApiProperty } from '@nestjs/swagger';
import { formatTime } from '#contract';
import type { Erasure } from '../erasure/erasure.repository.js';
import { UNREACHABLE } from '../erasure/unreachable.js';

export class ErasedCopiesResponse {
  @ApiProperty({
    description:
      '`audit_trail` is the entry itself; the others are copies: `search`, `metrics`, `charges`, `reservations`, ' +
      '`approvals`, `session_roots`, `holds`, `kept_answers`.',
    example: 'metrics',
  })
  what!: string;
  @ApiProperty({ description: 'How many rows held texts of the entry.', type: 'integer', example: 1 })
  rows!: number;
}

export class UnreachableCopiesResponse {
  @ApiProperty({ description: 'A stable word for it.', example: 'backups' })
  what!: string;
  @ApiProperty({ description: 'What it is, and what to do.', example: 'Copies of the store.' })
  description!: string;
}

/** What became of the texts of an entry. */
export class ErasureResponse {
  @ApiProperty({
    description: 'The entry.',
    format: 'uuid',
    example: '019ab0de-7c1f-7f5a-9d25-2f0c5d9f3a11',
  })
  audit_id!: string;
  @ApiProperty({ description: 'Its place in the log.', type: 'integer', example: 42 })
  seq!: number;
  @ApiProperty({
    description: 'When its texts were erased, ISO 8601 UTC.',
    format: 'date-time',
    example: '2026-01-05T10:00:00.000Z',
  })
  erased_at!: string;
  @ApiProperty({
    description: 'The entry that says who erased them, and why.',
    format: 'uuid',
    example: '019ab0de-7c1f-7f5a-9d25-2f0c5d9f3a12',
  })
  record_id!: string;
  @ApiProperty({ description: 'Where texts were erased.', type: [ErasedCopiesResponse] })
  erased!: readonly ErasedCopiesResponse[];
  @ApiProperty({
    description: 'What this service cannot reach, whether there is any or not.',
    type: [UnreachableCopiesResponse],
  })
  unreachable!: readonly UnreachableCopiesResponse[];
}

export function toErasureResponse({ auditId, seq, erasedAt, recordId, copies }: Erasure): ErasureResponse {
  return {
    ...{ audit_id: auditId, seq, erased_at: formatTime(erasedAt), record_id: recordId },
    ...{ erased: copies, unreachable: UNREACHABLE },
  };
}
