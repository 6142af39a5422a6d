import { Body, Controller, Delete, Get, Header, HttpCode, Param, Post, Query, Res } from '@nestjs/common';
import {
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiParam,
  ApiTags,
} from '@nestjs/swagger';
import type { Response } from 'express';
import { ApiBodyProblems, ApiPage, ApiProblems, Ctx, Idempotent, sendPage } from '#contract';
import { AgentDirectory, Clock, type OperationContext } from '#kernel';
import { RequirePermission } from './access.js';
import { ApiKeysService } from './api-keys.service.js';
import { CreateKeyRequest, toNewKey } from './dto/create-key.request.js';
import { CreatedKeyResponse, KeyResponse, toCreatedKeyResponse, toKeyResponse } from './dto/key.response.js';
import { KeysQuery } from './dto/keys.query.js';
import { RotateKeyRequest } from './dto/rotate-key.request.js';

const KEY_PARAM = {
  name: 'key_id',
  description: 'Id of a key.',
  example: '019ab0de-7c1f-7f5a-9d25-2f0c5d9f3a11',
};
const SECOND_MS = 1_000;

@ApiTags('keys')
@Controller('keys')
@RequirePermission('keys:manage')
export class ApiKeysController {
  constructor(
    private readonly keys: ApiKeysService,
    private readonly agents: AgentDirectory,
    private readonly clock: Clock,
  ) {}

  @Post()
  @Idempotent({ secret: true })
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ summary: 'Make a key', description: 'The answer shows it, this once.' })
  @ApiCreatedResponse({ type: CreatedKeyResponse, description: 'The key.' })
  @ApiBodyProblems()
  @ApiProblems(404)
  async create(@Ctx() ctx: OperationContext, @Body() request: CreateKeyRequest): Promise<CreatedKeyResponse> {
    const now = this.clock.now();
    return toCreatedKeyResponse(await this.keys.create(ctx, toNewKey(request, this.agents, now)), now);
  }

  @Get()
  @ApiOperation({ summary: 'List the keys, oldest first', description: 'Those that ended, too.' })
  @ApiPage(KeyResponse, 'The keys, without their secrets.', { counted: true })
  async list(
    @Query() query: KeysQuery,
    @Res({ passthrough: true }) response: Response,
  ): Promise<KeyResponse[]> {
    const keys = sendPage(response, query, await this.keys.page(query.page()));
    return keys.map((key) => toKeyResponse(key, this.clock.now()));
  }

  @Get(':key_id')
  @ApiOperation({ summary: 'Get a key' })
  @ApiParam(KEY_PARAM)
  @ApiOkResponse({ type: KeyResponse, description: 'The key, without its secret.' })
  @ApiProblems(404)
  async get(@Param('key_id') keyId: string): Promise<KeyResponse> {
    return toKeyResponse(await this.keys.get(keyId), this.clock.now());
  }

  @Delete(':key_id')
  @HttpCode(204)
  @ApiOperation({ summary: 'Revoke a key', description: 'At once, also on open sockets.' })
  @ApiParam(KEY_PARAM)
  @ApiNoContentResponse({ description: 'Revoked.' })
  @ApiProblems(404)
  revoke(@Ctx() ctx: OperationContext, @Param('key_id') keyId: string): Promise<void> {
    return this.keys.revoke(ctx, keyId);
  }

  @Post(':key_id/rotate')
  @Idempotent({ secret: true })
  @Header('Cache-Control', 'no-store')
  @ApiOperation({
    summary: 'Replace a key by one of the same attributes',
    description:
      'The old one ends at once, or after `grace_s` seconds. The new one ends when the old one would have; one that replaces a key in its time of grace ends with that.',
  })
  @ApiParam(KEY_PARAM)
  @ApiCreatedResponse({ type: CreatedKeyResponse, description: 'The new key.' })
  @ApiBodyProblems()
  @ApiProblems(404)
  async rotate(
    @Ctx() ctx: OperationContext,
    @Param('key_id') keyId: string,
    @Body() { grace_s: graceS = 0 }: RotateKeyRequest,
  ): Promise<CreatedKeyResponse> {
    return toCreatedKeyResponse(await this.keys.rotate(ctx, keyId, graceS * SECOND_MS), this.clock.now());
  }
}
