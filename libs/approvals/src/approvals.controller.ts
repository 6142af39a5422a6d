import { Body, Controller, Get, HttpCode, Param, Post, Query, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { ApiBodyProblems, ApiPage, ApiProblems, Ctx, Idempotent, sendPage } from '#contract';
import type { OperationContext } from '#kernel';
import { RequirePermission } from '#rbac';
import { ApprovalsService } from './approvals.service.js';
import { ApprovalListQuery, ApprovalQuery, ApproveRequest, DenyRequest } from './dto/approval.requests.js';
import { ApprovalResponse, toApprovalResponse } from './dto/approval.response.js';

const APPROVAL_PARAM = {
  name: 'approval_id',
  description: 'Id of an approval.',
  example: '019ab0de-7c1f-7f5a-9d25-2f0c5d9f3a11',
};
const SECOND_MS = 1_000;

@ApiTags('approvals')
@Controller('approvals')
export class ApprovalsController {
  constructor(private readonly approvals: ApprovalsService) {}

  @Get()
  @RequirePermission('approvals:read')
  @ApiOperation({ summary: 'List approvals, newest first' })
  @ApiPage(ApprovalResponse, 'The approvals.')
  async list(
    @Ctx() ctx: OperationContext,
    @Query() query: ApprovalListQuery,
    @Res({ passthrough: true }) response: Response,
  ): Promise<ApprovalResponse[]> {
    const { status, agent_id: agent } = query;
    const page = await this.approvals.list(ctx, { status, agent }, query.page());
    return sendPage(response, query, page).map(toApprovalResponse);
  }

  @Get(':approval_id')
  @RequirePermission('approvals:read')
  @ApiOperation({ summary: 'Get an approval', description: 'With `wait`, holds until it is decided.' })
  @ApiParam(APPROVAL_PARAM)
  @ApiOkResponse({ type: ApprovalResponse, description: 'The approval.' })
  @ApiProblems(404, 422)
  async get(
    @Ctx() ctx: OperationContext,
    @Param('approval_id') approvalId: string,
    @Query() { wait = 0 }: ApprovalQuery,
  ): Promise<ApprovalResponse> {
    return toApprovalResponse(await this.approvals.get(ctx, approvalId, wait * SECOND_MS));
  }

  @Post(':approval_id/approve')
  @HttpCode(200)
  @Idempotent()
  @RequirePermission('approvals:decide')
  @ApiOperation({ summary: 'Approve a request', description: 'Good for one use of exactly that request.' })
  @ApiParam(APPROVAL_PARAM)
  @ApiOkResponse({ type: ApprovalResponse, description: 'The approval.' })
  @ApiBodyProblems()
  @ApiProblems(404, 409)
  async approve(
    @Ctx() ctx: OperationContext,
    @Param('approval_id') approvalId: string,
    @Body() { request_hash: hash, comment }: ApproveRequest,
  ): Promise<ApprovalResponse> {
    const decision = { status: 'approved' as const, hash, comment: comment ?? null };
    return toApprovalResponse(await this.approvals.decide(ctx, approvalId, decision));
  }

  @Post(':approval_id/deny')
  @HttpCode(200)
  @Idempotent()
  @RequirePermission('approvals:decide')
  @ApiOperation({ summary: 'Deny a request', description: 'Stands until the approval would have expired.' })
  @ApiParam(APPROVAL_PARAM)
  @ApiOkResponse({ type: ApprovalResponse, description: 'The approval.' })
  @ApiBodyProblems()
  @ApiProblems(404, 409)
  async deny(
    @Ctx() ctx: OperationContext,
    @Param('approval_id') approvalId: string,
    @Body() { request_hash: hash, comment }: DenyRequest,
  ): Promise<ApprovalResponse> {
    const decision = { status: 'denied' as const, hash: hash ?? null, comment: comment ?? null };
    return toApprovalResponse(await this.approvals.decide(ctx, approvalId, decision));
  }
}
