import { Controller, Get, HttpCode, Param, Post, Query, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { ApiPage, ApiProblems, Ctx, Idempotent, sendPage } from '#contract';
import type { OperationContext } from '#kernel';
import { PolicyInForce, RequirePermission } from '#rbac';
import {
  PolicyDocumentResponse,
  PolicyReloadResponse,
  PolicyVersionResponse,
  toPolicyVersionResponse,
} from './dto/policy.responses.js';
import { PolicyVersionsQuery } from './dto/policy-versions.query.js';
import { PolicyService } from './policy.service.js';

@ApiTags('policy')
@Controller('policy')
export class PolicyController {
  constructor(
    private readonly policies: PolicyService,
    private readonly inForce: PolicyInForce,
  ) {}

  @Get()
  @RequirePermission('policy:read')
  @ApiOperation({ summary: 'Get the policy in force' })
  @ApiOkResponse({ type: PolicyDocumentResponse, description: 'The document.' })
  get(): PolicyDocumentResponse {
    const { version, text } = this.inForce.current;
    return { version, document: text };
  }

  @Post('reload')
  @HttpCode(200)
  @Idempotent()
  @RequirePermission('policy:manage')
  @ApiOperation({
    summary: 'Read the policy file again',
    description: 'One that is not valid changes nothing.',
  })
  @ApiOkResponse({ type: PolicyReloadResponse, description: 'What is in force now.' })
  @ApiProblems(422)
  reload(@Ctx() ctx: OperationContext): Promise<PolicyReloadResponse> {
    return this.policies.reload(ctx);
  }

  @Get('versions')
  @RequirePermission('policy:read')
  @ApiOperation({ summary: 'List the policies that were in force, newest first' })
  @ApiPage(PolicyVersionResponse, 'The versions.')
  async versions(
    @Query() query: PolicyVersionsQuery,
    @Res({ passthrough: true }) response: Response,
  ): Promise<PolicyVersionResponse[]> {
    const page = await this.policies.list(query.page());
    return sendPage(response, query, page).map(toPolicyVersionResponse);
  }

  @Get('versions/:version')
  @RequirePermission('policy:read')
  @ApiOperation({ summary: 'Get a policy that was in force' })
  @ApiParam({ name: 'version', description: 'SHA-256 of the document, hex.', example: '9f86d081884c7d65' })
  @ApiOkResponse({ type: PolicyDocumentResponse, description: 'The document.' })
  @ApiProblems(404)
  async version(@Param('version') version: string): Promise<PolicyDocumentResponse> {
    return { version, document: await this.policies.get(version) };
  }
}
