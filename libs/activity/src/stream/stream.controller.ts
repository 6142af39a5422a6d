import { Controller, Get, Query, Req, Res } from '@nestjs/common';
import { ApiHeader, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { AccessReads, RecordsItself } from '#audit';
import { ApiProblems, Ctx } from '#contract';
import { AgentDirectory, type OperationContext, ValidationFailed } from '#kernel';
import { RequirePermission } from '#rbac';
import { StreamQuery, toFilterRequest } from '../dto/stream.query.js';
import { DEFAULT_FRAMES, StreamPageQuery } from '../dto/stream-page.query.js';
import { StreamPageResponse, toStreamPageResponse } from '../dto/stream-page.response.js';
import { POSITION_FORM, toPosition } from './encoding.js';
import { EventStreamOutlet } from './event-stream-outlet.js';
import { toStart } from './stream-admission.js';
import { StreamFeed } from './stream-feed.js';
import { toStreamFilter } from './stream-filter.js';
import { StreamHub } from './stream-hub.js';
import { StreamPages } from './stream-pages.js';

const LAST_EVENT_ID = 'Last-Event-ID';

/** The stream over HTTP: as it happens, and piece by piece. */
@ApiTags('activity')
@Controller()
export class StreamController {
  constructor(
    private readonly hub: StreamHub,
    private readonly feed: StreamFeed,
    private readonly pages: StreamPages,
    private readonly agents: AgentDirectory,
    private readonly reads: AccessReads,
  ) {}

  @Get('agents/activity/events')
  @RecordsItself()
  @RequirePermission('stream:read')
  @ApiOperation({
    summary: 'Follow the live stream as Server-Sent Events',
    description:
      'The frames of the WebSocket, each an event of its type. The id of an event is a position: sent back as `Last-Event-ID`, it ' +
      'has what was missed replayed. The answer does not end.',
  })
  @ApiHeader({
    name: LAST_EVENT_ID,
    description: 'The id of the last event that you have; stands for `since` and `epoch`.',
    required: false,
    schema: { type: 'string', pattern: POSITION_FORM.source, example: '1f0c6a0de7c1f7f5-1042' },
  })
  @ApiOkResponse({
    description: 'Events, without an end.',
    content: { 'text/event-stream': { schema: { type: 'string' } } },
  })
  @ApiProblems(422)
  async follow(
    @Ctx() ctx: OperationContext,
    @Query() query: StreamQuery,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const start = toStart(resumed(query, request.get(LAST_EVENT_ID)), ctx.principal, this.agents);
    this.hub.requireOpen();
    await this.reads.record(ctx, request.originalUrl);
    if (request.method === 'HEAD') {
      response.end();
      return;
    }
    const outlet = new EventStreamOutlet(response, request.socket, this.hub.limits.closeGraceMs);
    const client = this.hub.join(outlet, ctx.principal);
    if (start) this.feed.begin(client, start.filter, start.since);
  }

  @Get('activity')
  @RequirePermission('stream:read')
  @ApiOperation({
    summary: 'Read the stream piece by piece',
    description:
      'For clients that ask again and again. A page goes through at most 5,000 entries of the log.',
  })
  @ApiOkResponse({ type: StreamPageResponse, description: 'The frames behind `after_seq`.' })
  @ApiProblems(410, 422)
  async page(@Ctx() ctx: OperationContext, @Query() query: StreamPageQuery): Promise<StreamPageResponse> {
    const { after_seq: after, epoch, limit = DEFAULT_FRAMES } = query;
    const filter = toStreamFilter(toFilterRequest(query), ctx.principal, this.agents);
    return toStreamPageResponse(await this.pages.page(ctx.principal, { filter, after, epoch, limit }));
  }
}

/** What the header says stands before what the query says: a client that comes back sends the query again. @throws ValidationFailed */
function resumed(query: StreamQuery, id: string | undefined): StreamQuery {
  if (id === undefined || id === '') return query;
  const position = toPosition(id);
  if (!position)
    throw new ValidationFailed([
      { path: LAST_EVENT_ID, message: 'must be the id of an event of this stream' },
    ]);
  return { ...query, since: position.seq, epoch: position.epoch };
}
