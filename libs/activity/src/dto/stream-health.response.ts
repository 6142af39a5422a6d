import { ApiProperty } from '@nestjs/swagger';

/** The state of the live stream. */
export class StreamHealthResponse {
  @ApiProperty({ description: 'Whether connections are taken.', example: 'healthy' })
  status!: string;
  @ApiProperty({ description: 'Clients connected to this instance.', type: 'integer', example: 3 })
  active_connections!: number;
  @ApiProperty({ description: 'Where to connect.', example: '/api/v1/agents/activity/stream' })
  endpoint!: string;
}
