import { ApiProperty } from '@nestjs/swagger';
import { formatTime } from '#contract';
import type { StreamTicket } from '../stream/stream-tickets.js';

export class StreamTicketResponse {
  @ApiProperty({
    description: 'Goes into the query of one upgrade, as `?ticket=`.',
    example: 'art_mW4qYpTQ9rX3v0c1d5s7k8l2n6b4z0a1e3g5i7o9u1A',
  })
  ticket!: string;

  @ApiProperty({
    description: 'When it ends unused: after 30 s.',
    format: 'date-time',
    example: '2026-01-05T10:00:30.000Z',
  })
  expires_at!: string;
}

export function toStreamTicketResponse({ secret, expiresAt }: StreamTicket): StreamTicketResponse {
  return { ticket: secret, expires_at: formatTime(expiresAt) };
}
