import { ApiProperty } from '@nestjs/swagger';
import { formatTime } from '#contract';
import { CHARGE_SOURCES, fromMicroUsd } from '#kernel';
import type { LedgerRow } from '../ledger.repository.js';

/** One charge. */
export class ChargeResponse {
  @ApiProperty({ description: 'The charge.', example: '019ab0de-7c1f-7f5a-9d25-2f0c5d9f3a11' })
  charge_id!: string;
  @ApiProperty({
    description: "The account: the agent's id, or `unknown`.",
    example: '5f1c2f1e-6d0a-4b55-9a43-0d5a3e0b7c11',
  })
  agent_id!: string;
  @ApiProperty({
    description: "The agent's role when it was charged; null for `unknown`.",
    type: String,
    nullable: true,
    example: 'developer',
  })
  agent_role!: string | null;
  @ApiProperty({ description: 'The budget day it was booked on.', format: 'date', example: '2026-01-05' })
  day!: string;
  @ApiProperty({ description: 'Which way it came.', enum: CHARGE_SOURCES, example: 'deduct' })
  source!: string;
  @ApiProperty({ description: 'USD.', example: 0.015 })
  cost_usd!: number;
  @ApiProperty({ description: 'Tokens.', type: 'integer', example: 5000 })
  tokens_used!: number;
  @ApiProperty({ description: 'The tool.', type: String, nullable: true, example: 'Task' })
  tool_name!: string | null;
  @ApiProperty({ description: 'The session.', type: String, nullable: true, example: 's-1' })
  session_id!: string | null;
  @ApiProperty({ description: 'The tool use.', type: String, nullable: true, example: 'toolu_01A' })
  tool_use_id!: string | null;
  @ApiProperty({ description: 'The request.', type: String, nullable: true, example: 'req_01A' })
  request_id!: string | null;
  @ApiProperty({ description: 'The reservation it settled.', type: String, nullable: true, example: null })
  reservation_id!: string | null;
  @ApiProperty({ description: 'Who reported it: the id of a key, or `local`.', example: 'local' })
  principal_id!: string;
  @ApiProperty({
    description: 'The agent that was named, where another account was charged.',
    type: String,
    nullable: true,
    example: null,
  })
  claimed_agent!: string | null;
  @ApiProperty({
    description: "The caller's time, as it was sent.",
    type: String,
    nullable: true,
    example: '2026-01-05T10:00:00.000Z',
  })
  client_timestamp!: string | null;
  @ApiProperty({
    description: 'When it was booked.',
    format: 'date-time',
    example: '2026-01-05T10:00:00.123Z',
  })
  charged_at!: string;
}

/** A page of the ledger. */
export class LedgerResponse {
  @ApiProperty({ description: 'Charges, newest first.', type: [ChargeResponse] })
  items!: ChargeResponse[];
  @ApiProperty({
    description: 'For the next page; null on the last.',
    type: String,
    nullable: true,
    example: 'WzE3Njc2MDcyMDAwMDAsIjAxOWFiMGRlIl0',
  })
  next_cursor!: string | null;
}

export function toLedgerResponse(rows: readonly LedgerRow[], nextCursor: string | null): LedgerResponse {
  return { items: rows.map(toChargeResponse), next_cursor: nextCursor };
}

function toChargeResponse({ account, role, cost_micro, charged_at, ...row }: LedgerRow): ChargeResponse {
  return {
    ...row,
    agent_id: account,
    agent_role: role,
    cost_usd: fromMicroUsd(cost_micro),
    charged_at: formatTime(charged_at),
  };
}
