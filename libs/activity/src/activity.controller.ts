import { Controller, Get, Header, Post, Query, Res } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { ApiPage, Ctx, Idempotent, sendPage } from '#contract';
import type { OperationContext } from '#kernel';
import { RequirePermission } from '#rbac';
import { STREAM_PATH } from './stream/stream.gateway.js';
import { ActivityService } from './activity.service.js';
import { AgentActivityQuery, DEFAULT_HOURS } from './dto/agent-activity.query.js';
import { AgentActivityResponse, toAgentActivityResponse } from './dto/agent-activity.response.js';
import { StreamHealthResponse } from './dto/stream-health.response.js';
import { StreamTicketResponse, toStreamTicketResponse } from './dto/stream-ticket.response.js';
import { StreamHub } from './stream/stream-hub.js';
import { StreamTickets } from './stream/stream-tickets.js';

@ApiTags('activity')
@Controller()
export class ActivityController {
  constructor(
    private readonly activity: ActivityService,
    private readonly hub: StreamHub,
    private readonly tickets: StreamTickets,
  ) {}

  @Get('agent-activity')
  @RequirePermission('audit:read')
  @ApiOperation({ summary: 'List what agents did lately, newest first' })
  @ApiPage(AgentActivityResponse, 'The last `hours` hours by descending `seq`.')
  async list(
    @Ctx() ctx: OperationContext,
    @Query() query: AgentActivityQuery,
    @Res({ passthrough: true }) response: Response,
  ): Promise<AgentActivityResponse[]> {
    const { agent_id: agent, hours = DEFAULT_HOURS } = query;
    const page = await this.activity.list(ctx, agent, hours, query.page());
    return sendPage(response, query, page).map(toAgentActivityResponse);
  }

  @Post('activity/ticket')
  @Idempotent({ secret: true })
  @RequirePermission('stream:read')
  @Header('Cache-Control', 'no-store')
  @ApiOperation({
    summary: 'Get a ticket for one connection to the live stream',
    description:
      'For browsers, which can send no key with an upgrade. Good once, within 30 s, at the instance that made it.',
  })
  @ApiCreatedResponse({ type: StreamTicketResponse, description: 'The ticket, shown once.' })
  ticket(@Ctx() ctx: OperationContext): StreamTicketResponse {
    return toStreamTicketResponse(this.tickets.issue(ctx.principal));
  }

  @Get('websocket/health')
  @RequirePermission('agents:read')
  @ApiOperation({ summary: 'Tell how many clients the live stream has, and where it is' })
  @ApiOkResponse({ type: StreamHealthResponse, description: 'The state of the stream.' })
  health(): StreamHealthResponse {
    return { status: 'healthy', active_connections: this.hub.connections, endpoint: STREAM_PATH };
  }
}
