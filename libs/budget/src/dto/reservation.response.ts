import { ApiProperty } from '@nestjs/swagger';
import { formatTime } from '#contract';
import { BUDGET_STATUSES, fromMicroUsd } from '#kernel';
import type { Reservation } from '../reservations.service.js';

/** An amount that is set aside. */
export class ReservationResponse {
  @ApiProperty({ description: 'For settling it.', example: '019ab0de-7c1f-7f5a-9d25-2f0c5d9f3a11' })
  reservation_id!: string;
  @ApiProperty({
    description: "The agent's id.",
    format: 'uuid',
    example: '5f1c2f1e-6d0a-4b55-9a43-0d5a3e0b7c11',
  })
  agent_id!: string;
  @ApiProperty({ description: 'USD set aside.', example: 0.5 })
  max_cost_usd!: number;
  @ApiProperty({ description: 'Tokens set aside.', type: 'integer', example: 20000 })
  max_tokens!: number;
  @ApiProperty({
    description: 'When it is given back unless settled.',
    format: 'date-time',
    example: '2026-01-05T10:10:00.000Z',
  })
  expires_at!: string;
  @ApiProperty({
    description:
      'USD left to reserve: the least that the limits of agent, role and fleet leave, a day and a month.',
    example: 29.5,
  })
  remaining_cost!: number;
  @ApiProperty({
    description: 'Tokens of the session left to reserve; null without a session.',
    type: 'integer',
    nullable: true,
    example: 180000,
  })
  remaining_tokens!: number | null;
  @ApiProperty({ description: 'Where the agent stands.', enum: BUDGET_STATUSES, example: 'ok' })
  status!: string;
}

export function toReservationResponse(reservation: Reservation): ReservationResponse {
  const { reservationId, agentId, maxCostMicro, maxTokens, expiresAt, after } = reservation;
  return {
    reservation_id: reservationId,
    agent_id: agentId,
    max_cost_usd: fromMicroUsd(maxCostMicro),
    max_tokens: maxTokens,
    expires_at: formatTime(expiresAt),
    remaining_cost: fromMicroUsd(after.remainingMicro),
    remaining_tokens: after.remainingTokens,
    status: after.status,
  };
}
