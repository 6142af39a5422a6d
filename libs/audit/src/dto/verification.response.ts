import { ApiProperty } from '@nestjs/swagger';
import { formatTime } from '#contract';
import { DAMAGE_KINDS, type DamageKind, type Finding, type VerificationReport } from '../verify/finding.js';
import type { VerificationRun } from '../verify/verification.service.js';

const count = (description: string, example: number) => ({
  description,
  example,
  type: 'integer' as const,
  minimum: 0,
});
const place = (description: string, example: number | null) => ({
  ...{ description, example, nullable: true },
  type: 'integer' as const,
});

export class VerificationFindingResponse {
  @ApiProperty({
    description:
      'Of entries: `changed`, `missing`, `reordered`, `inserted`, `truncated` (missing at the end), `rolled_back` (the whole ' +
      'store is an earlier copy), `rewritten` (together with their hashes, somewhere from `seq` to `last_seq`). Of what is kept ' +
      'about them: `head`, `segment`, `checkpoint`.',
    enum: DAMAGE_KINDS,
    example: 'changed',
  })
  kind!: DamageKind;
  @ApiProperty(place('The first entry concerned; null where it is about none.', 4711))
  seq!: number | null;
  @ApiProperty(place('The last entry concerned.', 4711))
  last_seq!: number | null;
  @ApiProperty({
    description: 'The id of the first entry; null where its row is gone.',
    type: String,
    nullable: true,
    example: '019ab0de-7c1f-7f5a-9d25-2f0c5d9f3a11',
  })
  audit_id!: string | null;
  @ApiProperty(place('Where the entry stands now, if that is not its place.', null))
  found_at!: number | null;
  @ApiProperty({ description: 'One sentence.', example: 'Entry 4711 is not what was recorded.' })
  detail!: string;
}

export class VerificationReportResponse {
  @ApiProperty({ description: 'Whether nothing was found.', example: false })
  intact!: boolean;
  @ApiProperty({
    description: 'Which log.',
    example: 'agent-reality-map/5b0f7d2c9a1e4f3388d6c1b2a7e0f954',
  })
  origin!: string;
  @ApiProperty(count('How many entries it should hold, by all that is stored about it.', 12_000))
  size!: number;
  @ApiProperty(count('Rows that were recomputed.', 12_000))
  entries_checked!: number;
  @ApiProperty(count('Those among them whose texts were erased, which leaves less to check.', 0))
  entries_erased!: number;
  @ApiProperty(count('Stored checkpoints that the log agrees with.', 7))
  checkpoints_agreed!: number;
  @ApiProperty(count('Checkpoints that were given and that the log agrees with; over HTTP none is.', 0))
  held_checkpoints_agreed!: number;
  @ApiProperty({
    description: 'What was found, entries first, in the order of the log.',
    type: [VerificationFindingResponse],
  })
  findings!: VerificationFindingResponse[];
  @ApiProperty(count('Findings beyond those that are listed.', 0))
  more!: number;
}

export class VerificationResponse {
  @ApiProperty({ description: 'The run.', example: '019ab0de-7c1f-7f5a-9d25-2f0c5d9f3a11' })
  verification_id!: string;
  @ApiProperty({
    description: 'Whether it is under way, has its report, or could not be ended.',
    enum: ['running', 'done', 'failed'],
    example: 'done',
  })
  state!: 'running' | 'done' | 'failed';
  @ApiProperty({
    description: 'When it began, ISO 8601 UTC.',
    format: 'date-time',
    example: '2026-01-05T10:00:00.000Z',
  })
  started_at!: string;
  @ApiProperty({
    description: 'When it ended, ISO 8601 UTC; null while it runs.',
    type: String,
    nullable: true,
    format: 'date-time',
    example: '2026-01-05T10:00:02.000Z',
  })
  ended_at!: string | null;
  @ApiProperty(count('How many entries are checked so far.', 12_000))
  checked!: number;
  @ApiProperty(count('Of how many; 0 until that is known.', 12_000))
  total!: number;
  @ApiProperty({
    description: 'Once it is done.',
    type: VerificationReportResponse,
    nullable: true,
  })
  report!: VerificationReportResponse | null;
}

function toFindingResponse({
  kind,
  seq,
  lastSeq,
  auditId,
  foundAt,
  detail,
}: Finding): VerificationFindingResponse {
  return { kind, seq, last_seq: lastSeq, audit_id: auditId, found_at: foundAt, detail };
}

export function toVerificationReportResponse(report: VerificationReport): VerificationReportResponse {
  const { origin, size, checked, erased, agreed, findings, more } = report;
  return {
    ...{ intact: findings.length === 0 && more === 0, origin, size },
    ...{ entries_checked: checked, entries_erased: erased },
    ...{ checkpoints_agreed: agreed.stored, held_checkpoints_agreed: agreed.held },
    findings: findings.map(toFindingResponse),
    more,
  };
}

export function toVerificationResponse(run: VerificationRun): VerificationResponse {
  const { id, state, startedAt, endedAt, checked, size, report } = run;
  return {
    ...{ verification_id: id, state, started_at: formatTime(startedAt) },
    ended_at: endedAt === null ? null : formatTime(endedAt),
    ...{ checked, total: size },
    report: report && toVerificationReportResponse(report),
  };
}
