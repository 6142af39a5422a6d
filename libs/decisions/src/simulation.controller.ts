import { once } from 'node:events';
import { Body, Controller, Post, Res } from '@nestjs/common';
import { ApiExtraModels, ApiOkResponse, ApiOperation, ApiTags, getSchemaPath } from '@nestjs/swagger';
import type { Response } from 'express';
import { ApiBodyProblems, parseTime } from '#contract';
import { AgentDirectory } from '#kernel';
import { RequirePermission } from '#rbac';
import { SimulateRequest } from './dto/simulate.request.js';
import { SimulationResultResponse } from './dto/simulation.responses.js';
import { SimulationService } from './simulation.service.js';

const NDJSON = 'application/x-ndjson';

@ApiTags('rbac')
@Controller('rbac')
export class SimulationController {
  constructor(
    private readonly simulation: SimulationService,
    private readonly agents: AgentDirectory,
  ) {}

  @Post('simulate')
  @RequirePermission('decisions:simulate')
  @ApiOperation({
    summary: 'Decide recorded requests again, under another policy',
    description: 'Answers a line of JSON for each page of decisions, and a last one with what would change.',
  })
  @ApiExtraModels(SimulationResultResponse)
  @ApiOkResponse({
    description: 'Lines of JSON.',
    content: { [NDJSON]: { schema: { $ref: getSchemaPath(SimulationResultResponse) } } },
  })
  @ApiBodyProblems()
  async simulate(@Body() request: SimulateRequest, @Res() response: Response): Promise<void> {
    const policy = this.simulation.compile(request.policy);
    const { agent_id: agent, start_date: from, end_date: to } = request;
    const lines = this.simulation.run(policy, {
      from: from === undefined ? null : parseTime(from),
      to: to === undefined ? null : parseTime(to),
      agentId: agent === undefined ? null : this.agents.idFor(agent),
    });
    // What fails before the first line is answered as a problem.
    let line = await lines.next();
    response.status(200).type(NDJSON);
    for (; !line.done && !response.destroyed; line = await lines.next()) {
      if (!response.write(`${JSON.stringify(line.value)}\n`))
        await Promise.race([once(response, 'drain'), once(response, 'close')]);
    }
    response.end();
  }
}
