import { ApiProperty } from '@nestjs/swagger';
import { formatTime } from '#contract';
import { fromMicroUsd } from '#kernel';
import type { SessionWithTimeline } from '../fleet.service.js';
import type { ShownSession } from '../fleet.read-model.js';
import { ActiveAgentResponse, toActiveAgent } from './active-agent.response.js';
import { LastOperationResponse, toLastOperation } from './last-operation.response.js';
import { TimelineEntryResponse, toTimelineEntry } from './timeline-entry.response.js';

const time = (description: string) => ({
  description,
  format: 'date-time',
  example: '2026-01-05T10:00:00.000Z',
});

/** A session; to an agent's key, its part of it. */
export class SessionResponse {
  @ApiProperty({ description: 'As it was sent; over 512 bytes, its digest.', example: 's-1' })
  session_id!: string;
  @ApiProperty({ description: 'Whether an agent is active or idle in it.', example: true })
  active!: boolean;
  @ApiProperty(time('Its first entry, ISO 8601 UTC.'))
  started_at!: string;
  @ApiProperty(time('Its last sign of life, ISO 8601 UTC.'))
  last_seen_at!: string;
  @ApiProperty({ description: 'How many agents acted in it.', type: 'integer', example: 2 })
  agent_count!: number;
  @ApiProperty({ description: 'How many of them are active or idle.', type: 'integer', example: 1 })
  active_agents!: number;
  @ApiProperty({
    description: 'Entries so far, those that have left the log included.',
    type: 'integer',
    example: 12,
  })
  entries!: number;
  @ApiProperty({ description: 'USD that were charged so far.', example: 0.015 })
  cost_usd!: number;
  @ApiProperty({ description: 'Tokens that were charged so far.', type: 'integer', example: 5000 })
  tokens_used!: number;
  @ApiProperty({
    description: 'What was done last; null once that has left the log.',
    type: LastOperationResponse,
    nullable: true,
  })
  last_operation!: LastOperationResponse | null;
}

export function toSessionResponse(row: ShownSession): SessionResponse {
  return {
    session_id: row.session_id,
    active: row.active_agents > 0,
    started_at: formatTime(row.first_seen_at),
    last_seen_at: formatTime(row.last_seen_at),
    agent_count: row.agents,
    active_agents: row.active_agents,
    entries: row.entries,
    cost_usd: fromMicroUsd(row.cost_micro),
    tokens_used: row.tokens_used,
    last_operation: toLastOperation(row),
  };
}

export class SessionTimelineResponse extends SessionResponse {
  @ApiProperty({
    description: 'The 200 agents that acted last, with their amounts in the session.',
    type: [ActiveAgentResponse],
  })
  agents!: ActiveAgentResponse[];
  @ApiProperty({ description: 'A page of its entries.', type: [TimelineEntryResponse] })
  timeline!: TimelineEntryResponse[];
  @ApiProperty({
    description: 'For the next page; null on the last.',
    type: String,
    nullable: true,
    example: 'WzQyXQ',
  })
  next_cursor!: string | null;
}

export function toSessionTimeline(
  { session, agents, timeline }: SessionWithTimeline,
  silentSince: number,
  nextCursor: string | null,
): SessionTimelineResponse {
  return {
    ...toSessionResponse(session),
    agents: agents.map((row) => toActiveAgent(row, silentSince)),
    timeline: timeline.items.map(toTimelineEntry),
    next_cursor: nextCursor,
  };
}
