import {
  Body,
  Controller,
  Delete,
  Get,
  Headers,
  HttpCode,
  Param,
  Post,
  Put,
  Query,
  Res,
} from '@nestjs/common';
import {
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiParam,
  ApiTags,
} from '@nestjs/swagger';
import type { Response } from 'express';
import {
  ApiBodyProblems,
  ApiIfMatch,
  ApiPage,
  ApiProblems,
  ApiTagged,
  Ctx,
  Idempotent,
  sendPage,
  sendTagged,
  TAGGED,
} from '#contract';
import type { OperationContext } from '#kernel';
import { RequirePermission } from '#rbac';
import { AgentsQueries } from './agents.queries.js';
import { AgentsService } from './agents.service.js';
import { toChanges, toProfile } from './agent-profile.js';
import { allowedVersions } from './agent-tag.js';
import { AgentListQuery } from './dto/agent-list.query.js';
import { AgentResponse } from './dto/agent.response.js';
import { ActivateAgentRequest, CompleteAgentRequest } from './dto/agent-task.request.js';
import { CreateAgentRequest } from './dto/create-agent.request.js';
import { RegistrySummaryResponse } from './dto/registry-summary.response.js';
import { UpdateAgentRequest } from './dto/update-agent.request.js';

const AGENT_PARAM = { name: 'agent_id', description: 'UUID or name of a live agent.', example: 'coder' };

@ApiTags('agents')
@Controller()
export class AgentsController {
  constructor(
    private readonly agents: AgentsService,
    private readonly queries: AgentsQueries,
  ) {}

  @Post('agents')
  @Idempotent()
  @RequirePermission('agents:write')
  @ApiOperation({ summary: 'Register an agent' })
  @ApiCreatedResponse({ type: AgentResponse, description: 'The agent.' })
  @ApiBodyProblems()
  @ApiProblems(409)
  async register(@Ctx() ctx: OperationContext, @Body() request: CreateAgentRequest): Promise<AgentResponse> {
    return this.queries.getChanged(
      ctx,
      await this.agents.register(ctx, toProfile(request), request.agent_id),
    );
  }

  @Get(['agents', 'agents/registry', 'registry/agents'])
  @RequirePermission('agents:read')
  @ApiOperation({ summary: 'List the registry, by name' })
  @ApiPage(AgentResponse, 'Agents by name.', { counted: true })
  async list(
    @Query() query: AgentListQuery,
    @Res({ passthrough: true }) response: Response,
  ): Promise<AgentResponse[]> {
    return sendPage(response, query, await this.queries.list(query, query.page()));
  }

  @Get('agents/stats/summary')
  @RequirePermission('agents:read')
  @ApiOperation({ summary: 'Count the registry by role and category' })
  @ApiOkResponse({ type: RegistrySummaryResponse, description: 'The counts.' })
  summary(): Promise<RegistrySummaryResponse> {
    return this.queries.summarize();
  }

  @Get('agents/name/:agent_name')
  @RequirePermission('agents:read')
  @ApiOperation({ summary: 'Get an agent by its name' })
  @ApiParam({ name: 'agent_name', description: 'Name of a live agent.', example: 'coder' })
  @ApiOkResponse({ ...TAGGED, type: AgentResponse, description: 'The agent.' })
  @ApiTagged()
  @ApiProblems(404)
  getByName(
    @Param('agent_name') name: string,
    @Res({ passthrough: true }) response: Response,
  ): Promise<AgentResponse | undefined> {
    return this.get(name, response);
  }

  @Get('agents/:agent_id')
  @RequirePermission('agents:read')
  @ApiOperation({ summary: 'Get an agent' })
  @ApiParam(AGENT_PARAM)
  @ApiOkResponse({ ...TAGGED, type: AgentResponse, description: 'The agent.' })
  @ApiTagged()
  @ApiProblems(404)
  async get(
    @Param('agent_id') reference: string,
    @Res({ passthrough: true }) response: Response,
  ): Promise<AgentResponse | undefined> {
    const { agent, tag } = await this.queries.get(reference);
    return sendTagged(response, tag, agent);
  }

  @Put('agents/:agent_id')
  @RequirePermission('agents:write')
  @ApiOperation({
    summary: 'Change an agent',
    description: 'Only the fields that are sent change; null goes back to inheriting from the role.',
  })
  @ApiParam(AGENT_PARAM)
  @ApiIfMatch()
  @ApiOkResponse({ type: AgentResponse, description: 'The agent after the change.' })
  @ApiBodyProblems()
  @ApiProblems(404)
  async update(
    @Ctx() ctx: OperationContext,
    @Param('agent_id') reference: string,
    @Body() request: UpdateAgentRequest,
    @Headers('If-Match') ifMatch?: string,
  ): Promise<AgentResponse> {
    const versions = allowedVersions(ifMatch);
    return this.queries.getChanged(
      ctx,
      await this.agents.update(ctx, reference, toChanges(request), versions),
    );
  }

  @Delete('agents/:agent_id')
  @HttpCode(204)
  @RequirePermission('agents:write')
  @ApiOperation({
    summary: 'Retire an agent',
    description: 'Its keys are revoked, its history stays, its name is free again.',
  })
  @ApiParam(AGENT_PARAM)
  @ApiNoContentResponse({ description: 'Retired.' })
  @ApiProblems(404)
  retire(@Ctx() ctx: OperationContext, @Param('agent_id') reference: string): Promise<void> {
    return this.agents.retire(ctx, reference);
  }

  @Post('agents/:agent_id/activate')
  @HttpCode(200)
  @Idempotent()
  @RequirePermission('agents:activate')
  @ApiOperation({ summary: 'Say that an agent begins a task' })
  @ApiParam(AGENT_PARAM)
  @ApiOkResponse({ type: AgentResponse, description: 'The agent, `last_active_at` set.' })
  @ApiBodyProblems()
  @ApiProblems(404)
  async activate(
    @Ctx() ctx: OperationContext,
    @Param('agent_id') reference: string,
    @Body() request: ActivateAgentRequest,
  ): Promise<AgentResponse> {
    const task = { sessionId: request.session_id ?? null, task: request.task ?? null };
    return this.queries.getChanged(ctx, await this.agents.activate(ctx, reference, task));
  }

  @Post('agents/:agent_id/complete')
  @HttpCode(200)
  @Idempotent()
  @RequirePermission('agents:activate')
  @ApiOperation({
    summary: 'Say that an agent ended a task',
    description: 'Writes one `task_completion` metric.',
  })
  @ApiParam(AGENT_PARAM)
  @ApiOkResponse({ type: AgentResponse, description: 'The agent after the task.' })
  @ApiBodyProblems()
  @ApiProblems(404)
  async complete(
    @Ctx() ctx: OperationContext,
    @Param('agent_id') reference: string,
    @Body() request: CompleteAgentRequest,
  ): Promise<AgentResponse> {
    const {
      session_id: sessionId = null,
      task = null,
      success,
      execution_time_ms: executionTimeMs = null,
    } = request;
    return this.queries.getChanged(
      ctx,
      await this.agents.complete(ctx, reference, { sessionId, task, success, executionTimeMs }),
    );
  }
}
