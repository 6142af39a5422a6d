import { Controller, Get, Param, Query, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { ApiPage, ApiProblems, Ctx, sendPage } from '#contract';
import type { OperationContext } from '#kernel';
import { RequirePermission } from '#rbac';
import { ActiveAgentResponse, toActiveAgent } from './dto/active-agent.response.js';
import { ActiveQuery, SessionQuery, SessionsQuery } from './dto/fleet.queries.js';
import {
  SessionResponse,
  SessionTimelineResponse,
  toSessionResponse,
  toSessionTimeline,
} from './dto/session.responses.js';
import { FleetService } from './fleet.service.js';

@ApiTags('activity')
@Controller('activity')
export class FleetController {
  constructor(private readonly fleet: FleetService) {}

  @Get('active')
  @RequirePermission('stream:read')
  @ApiOperation({
    summary: 'List the agents that are active, newest begun first',
    description:
      'Activated and not completed, or seen within `AGENT_IDLE_AFTER`. An agent stands in it once for each session. Amounts are those since it began.',
  })
  @ApiPage(ActiveAgentResponse, 'Active agents, newest begun first.')
  async active(
    @Ctx() ctx: OperationContext,
    @Query() query: ActiveQuery,
    @Res({ passthrough: true }) response: Response,
  ): Promise<ActiveAgentResponse[]> {
    const page = await this.fleet.listActive(ctx, query);
    const { silentSince } = this.fleet;
    return sendPage(response, query, page).map((row) => toActiveAgent(row, silentSince));
  }

  @Get('sessions')
  @RequirePermission('stream:read')
  @ApiOperation({
    summary: 'List sessions, newest sign of life first',
    description: "To an agent's key, those in which it acted, with its part of them alone.",
  })
  @ApiPage(SessionResponse, 'Sessions, newest sign of life first; with `agent_id`, of that agent.')
  async sessions(
    @Ctx() ctx: OperationContext,
    @Query() query: SessionsQuery,
    @Res({ passthrough: true }) response: Response,
  ): Promise<SessionResponse[]> {
    return sendPage(response, query, await this.fleet.listSessions(ctx, query)).map(toSessionResponse);
  }

  @Get('sessions/:session_id')
  @RequirePermission('stream:read')
  @ApiOperation({
    summary: 'Get a session with its agents and a page of its entries',
    description: "To an agent's key, its part alone.",
  })
  @ApiParam({ name: 'session_id', description: 'As clients sent it.', example: 's-1' })
  @ApiOkResponse({ type: SessionTimelineResponse, description: 'The session.' })
  @ApiProblems(404, 422)
  async session(
    @Ctx() ctx: OperationContext,
    @Param('session_id') id: string,
    @Query() query: SessionQuery,
    @Res({ passthrough: true }) response: Response,
  ): Promise<SessionTimelineResponse> {
    const found = await this.fleet.getSession(ctx, id, query.order ?? 'newest', query.page());
    sendPage(response, query, found.timeline);
    const { next } = found.timeline;
    const cursor = next && query.queryAfter(next).get('cursor');
    return toSessionTimeline(found, this.fleet.silentSince, cursor);
  }
}
