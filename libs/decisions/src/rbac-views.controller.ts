import { Controller, Get, Param } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { ApiProblems, Ctx } from '#contract';
import type { OperationContext } from '#kernel';
import { RequirePermission, ROLE_NAMES } from '#rbac';
import { EffectiveRightsResponse, RoleResponse } from './dto/roles.responses.js';
import { RbacViews } from './rbac-views.js';

@ApiTags('rbac')
@Controller('rbac')
export class RbacViewsController {
  constructor(private readonly views: RbacViews) {}

  @Get('roles')
  @RequirePermission('policy:read')
  @ApiOperation({ summary: 'List the roles of the policy in force' })
  @ApiOkResponse({ type: [RoleResponse], description: 'The roles.' })
  roles(): RoleResponse[] {
    return this.views.roles();
  }

  @Get('roles/:role')
  @RequirePermission('policy:read')
  @ApiOperation({ summary: 'Get a role' })
  @ApiParam({ name: 'role', description: 'Name of a role.', enum: [...ROLE_NAMES], example: 'developer' })
  @ApiOkResponse({ type: RoleResponse, description: 'The role.' })
  @ApiProblems(404)
  role(@Param('role') role: string): RoleResponse {
    return this.views.role(role);
  }

  @Get('effective/:agent_id')
  @RequirePermission('agents:read')
  @ApiOperation({ summary: 'Get what an agent may do, role and own rules taken together' })
  @ApiParam({ name: 'agent_id', description: 'UUID or name of a live agent.', example: 'coder' })
  @ApiOkResponse({ type: EffectiveRightsResponse, description: 'The rights.' })
  @ApiProblems(404)
  effective(@Ctx() ctx: OperationContext, @Param('agent_id') reference: string): EffectiveRightsResponse {
    return this.views.effective(ctx, reference);
  }
}
