import { Controller, Get, Header, Param, Post, Query, Res } from '@nestjs/common';
import {
  ApiCreatedResponse,
  ApiOkResponse,
  ApiOperation,
  ApiParam,
  ApiProduces,
  ApiTags,
} from '@nestjs/swagger';
import type { Response } from 'express';
import { ApiPage, ApiProblems, Ctx, Idempotent, sendPage } from '#contract';
import type { OperationContext } from '#kernel';
import { RequirePermission } from '#rbac';
import { Checkpointer } from './checkpoints/checkpointer.js';
import { CheckpointsQuery } from './dto/checkpoints.query.js';
import { ConsistencyProofQuery, InclusionProofQuery } from './dto/proof.queries.js';
import {
  CheckpointResponse,
  ConsistencyProofResponse,
  InclusionProofResponse,
  ProvedEntryResponse,
  PublicKeyResponse,
  toCheckpointResponse,
  toConsistencyProofResponse,
  toInclusionProofResponse,
  toProvedEntryResponse,
  toPublicKeyResponse,
} from './dto/proof.responses.js';
import { LogProofs } from './merkle/log-proofs.js';
import { ProofsService } from './proofs.service.js';

const TEXT = 'text/plain';
const NOTE = { type: 'string' as const };

@ApiTags('audit')
@Controller('audit')
export class ProofsController {
  constructor(
    private readonly checkpoints: Checkpointer,
    private readonly proofs: ProofsService,
    private readonly tree: LogProofs,
  ) {}

  @Get('checkpoint')
  @Header('Content-Type', `${TEXT}; charset=utf-8`)
  @RequirePermission('audit:prove')
  @ApiOperation({
    summary: 'Get the newest checkpoint of the log',
    description: 'A signed note (C2SP tlog-checkpoint).',
  })
  @ApiProduces(TEXT)
  @ApiOkResponse({ schema: NOTE, description: 'The note.' })
  @ApiProblems(404)
  async newest(): Promise<string> {
    return (await this.checkpoints.newest()).note;
  }

  @Post('checkpoint')
  @Idempotent()
  @Header('Content-Type', `${TEXT}; charset=utf-8`)
  @RequirePermission('audit:prove')
  @ApiOperation({
    summary: 'Sign what the log holds now',
    description: 'A signed note (C2SP tlog-checkpoint).',
  })
  @ApiProduces(TEXT)
  @ApiCreatedResponse({ schema: NOTE, description: 'The note.' })
  @ApiProblems(409)
  async issue(@Ctx() ctx: OperationContext): Promise<string> {
    return (await this.checkpoints.issue(ctx)).note;
  }

  @Get('checkpoints')
  @RequirePermission('audit:prove')
  @ApiOperation({ summary: 'List checkpoints of the log, newest first' })
  @ApiPage(CheckpointResponse, 'The checkpoints.')
  async list(
    @Query() query: CheckpointsQuery,
    @Res({ passthrough: true }) response: Response,
  ): Promise<CheckpointResponse[]> {
    return sendPage(response, query, await this.checkpoints.list(query.page())).map(toCheckpointResponse);
  }

  @Get('proof/inclusion')
  @RequirePermission('audit:prove')
  @ApiOperation({ summary: 'Prove that an entry is in the log', description: 'RFC 9162, section 2.1.3.' })
  @ApiOkResponse({ type: InclusionProofResponse, description: 'The proof.' })
  @ApiProblems(404, 422)
  async inclusion(@Query() { audit_id, size }: InclusionProofQuery): Promise<InclusionProofResponse> {
    return toInclusionProofResponse(...(await this.proofs.inclusion(audit_id, size)));
  }

  @Get('proof/consistency')
  @RequirePermission('audit:prove')
  @ApiOperation({
    summary: 'Prove that the log only grew from one size to another',
    description: 'RFC 9162, section 2.1.4.',
  })
  @ApiOkResponse({ type: ConsistencyProofResponse, description: 'The proof.' })
  @ApiProblems(422)
  async consistency(@Query() { from, to }: ConsistencyProofQuery): Promise<ConsistencyProofResponse> {
    return toConsistencyProofResponse(await this.tree.consistency(from, to));
  }

  @Get('entries/:audit_id')
  @RequirePermission('audit:prove')
  @ApiOperation({ summary: 'Get an entry with the exact bytes that the log is made from, and its proof' })
  @ApiParam({ name: 'audit_id', description: 'The entry.', example: '019ab0de-7c1f-7f5a-9d25-2f0c5d9f3a11' })
  @ApiOkResponse({ type: ProvedEntryResponse, description: 'The entry.' })
  @ApiProblems(404)
  async entry(@Param('audit_id') auditId: string): Promise<ProvedEntryResponse> {
    return toProvedEntryResponse(...(await this.proofs.entry(auditId)));
  }

  @Get('public-key')
  @RequirePermission('audit:prove')
  @ApiOperation({ summary: 'Get the key that signs checkpoints' })
  @ApiOkResponse({ type: PublicKeyResponse, description: 'The key.' })
  async publicKey(): Promise<PublicKeyResponse> {
    return toPublicKeyResponse(await this.checkpoints.signedBy());
  }
}
