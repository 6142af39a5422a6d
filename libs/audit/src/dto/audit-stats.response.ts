import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { countsProperty, formatTime } from '#contract';
import type { CountGroup, CountQuestion, CountRow } from '../counts/audit-counts.repository.js';
import type { CountedDays } from './audit-stats.query.js';

const MAX_GROUPS = 1_000;

export class AuditStatsRangeResponse {
  @ApiProperty({
    description: 'From this day of UTC on.',
    format: 'date-time',
    example: '2026-01-05T00:00:00.000Z',
  })
  start!: string;
  @ApiProperty({ description: 'Before this day.', format: 'date-time', example: '2026-01-06T00:00:00.000Z' })
  end!: string;
  @ApiProperty({
    description: 'Whether an edge was moved outwards to the whole day, because a date lies within one.',
    example: false,
  })
  widened!: boolean;
}

export class AuditCountResponse {
  @ApiProperty({
    description: "The decision, type, role, agent's id, or the begin of the day.",
    example: '2026-01-05T00:00:00.000Z',
  })
  key!: string;
  @ApiProperty({ description: 'How many entries.', type: 'integer', example: 3 })
  entries!: number;
}

export class AuditStatsResponse {
  @ApiProperty({ description: 'Entries in all.', type: 'integer', example: 3 })
  total_operations!: number;
  @ApiProperty(countsProperty('Entries by decision.', { allowed: 2, denied: 1 }))
  rbac_decisions!: Record<string, number>;
  @ApiProperty(countsProperty('Entries by operation type.', { tool_use: 3 }))
  operation_types!: Record<string, number>;
  @ApiProperty(countsProperty('Entries by role of the agent.', { developer: 3 }))
  agent_roles!: Record<string, number>;
  @ApiPropertyOptional({
    description: 'With dates: the whole days that were counted.',
    type: AuditStatsRangeResponse,
  })
  range?: AuditStatsRangeResponse;
  @ApiPropertyOptional({ description: 'With `group_by`.', type: [AuditCountResponse] })
  groups?: AuditCountResponse[];
}

export function toAuditStatsResponse(
  rows: readonly CountRow[],
  { days, groupBy }: Pick<CountQuestion, 'groupBy'> & { readonly days?: CountedDays | undefined },
): AuditStatsResponse {
  const countsBy = (kind: CountGroup) =>
    Object.fromEntries(rows.filter((row) => row.kind === kind).map(({ value, entries }) => [value, entries]));
  const decisions = countsBy('decision');
  return {
    total_operations: Object.values(decisions).reduce((total, entries) => total + entries, 0),
    rbac_decisions: decisions,
    operation_types: countsBy('type'),
    agent_roles: countsBy('role'),
    ...(days ? { range: toRangeResponse(days) } : {}),
    ...(groupBy ? { groups: toGroups(rows, groupBy) } : {}),
  };
}

function toRangeResponse({ from, to, widened }: CountedDays): AuditStatsRangeResponse {
  return { start: formatTime(from), end: formatTime(to), widened };
}

function toGroups(rows: readonly CountRow[], groupBy: CountGroup): AuditCountResponse[] {
  const groups = rows.filter(({ kind }) => kind === groupBy);
  const byDay = groupBy === 'day';
  groups.sort((a, b) => (byDay ? Number(b.value) - Number(a.value) : b.entries - a.entries || order(a, b)));
  return groups
    .slice(0, MAX_GROUPS)
    .map(({ value, entries }) => ({ key: byDay ? formatTime(Number(value)) : value, entries }));
}

const order = (a: CountRow, b: CountRow): number => (a.value < b.value ? -1 : 1);
