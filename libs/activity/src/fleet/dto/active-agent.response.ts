import { ApiProperty } from '@nestjs/swagger';
import { formatTime } from '#contract';
import { fromMicroUsd } from '#kernel';
import type { ShownActivity } from '../fleet.read-model.js';
import { LastOperationResponse, toLastOperation } from './last-operation.response.js';

const time = (description: string) => ({
  description,
  format: 'date-time',
  example: '2026-01-05T10:00:00.000Z',
});
const timeOrNull = (description: string) => ({ ...time(description), type: String, nullable: true });

/** What an agent does, in a session or in none. */
export class ActiveAgentResponse {
  @ApiProperty({
    description: 'UUID of a registered agent, else the text that was sent.',
    example: '5f1c2f1e-6d0a-4b55-9a43-0d5a3e0b7c11',
  })
  agent_id!: string;
  @ApiProperty({ description: 'Its name, as it last acted.', example: 'coder' })
  agent_name!: string;
  @ApiProperty({ description: 'Its role, as it last acted.', example: 'developer' })
  agent_role!: string;
  @ApiProperty({
    description: 'Its category in the registry; null for an agent that is not registered.',
    type: String,
    nullable: true,
    example: 'foundry',
  })
  category!: string | null;
  @ApiProperty({
    description: 'The session it acts in; null for none. Over 512 bytes, its digest.',
    type: String,
    nullable: true,
    example: 's-1',
  })
  session_id!: string | null;
  @ApiProperty({
    description:
      '`active`; `idle`: activated and without a sign of life for `AGENT_IDLE_AFTER`; `completed`; `silent`: never activated, and without a sign of life for so long.',
    enum: ['active', 'idle', 'completed', 'silent'],
    example: 'active',
  })
  status!: string;
  @ApiProperty({ description: 'Whether it was activated; false where only its entries tell.', example: true })
  activated!: boolean;
  @ApiProperty(time('When it was activated, else when the first of its entries came, ISO 8601 UTC.'))
  started_at!: string;
  @ApiProperty(timeOrNull('When it completed its task, or was retired.'))
  completed_at!: string | null;
  @ApiProperty({
    description: 'Whether the task was done, where that was said.',
    type: Boolean,
    nullable: true,
    example: null,
  })
  success!: boolean | null;
  @ApiProperty(time('Its last sign of life.'))
  last_seen_at!: string;
  @ApiProperty({ ...timeOrNull('Its last sign of life, while it is idle.'), example: null })
  idle_since!: string | null;
  @ApiProperty({ description: 'Entries so far.', type: 'integer', example: 12 })
  entries!: number;
  @ApiProperty({ description: 'USD that were charged so far.', example: 0.015 })
  cost_usd!: number;
  @ApiProperty({ description: 'Tokens that were charged so far.', type: 'integer', example: 5000 })
  tokens_used!: number;
  @ApiProperty({
    description: 'What it did last; null once that has left the log.',
    type: LastOperationResponse,
    nullable: true,
  })
  last_operation!: LastOperationResponse | null;
}

/** @param silentSince who gave no sign of life since then is silent, milliseconds UTC. */
export function toActiveAgent(row: ShownActivity, silentSince: number): ActiveAgentResponse {
  const status = statusOf(row, silentSince);
  return {
    agent_id: row.agent_id,
    agent_name: row.agent_name,
    agent_role: row.agent_role,
    category: row.category,
    session_id: row.session_id,
    status,
    activated: row.activated_at !== null,
    started_at: formatTime(row.started_at),
    completed_at: row.completed_at === null ? null : formatTime(row.completed_at),
    success: row.success === null ? null : row.success === 1,
    last_seen_at: formatTime(row.seen_at),
    idle_since: status === 'idle' ? formatTime(row.seen_at) : null,
    entries: row.entries,
    cost_usd: fromMicroUsd(row.cost_micro),
    tokens_used: row.tokens_used,
    last_operation: toLastOperation(row),
  };
}

function statusOf(row: ShownActivity, silentSince: number): ActiveAgentResponse['status'] {
  if (row.completed_at !== null) return 'completed';
  if (row.seen_at > silentSince) return 'active';
  return row.activated_at === null ? 'silent' : 'idle';
}
