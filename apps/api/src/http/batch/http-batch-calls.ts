import { Inject, Injectable } from '@nestjs/common';
import type { Response } from 'express';
import { CONFIG, type Config } from '#config';
import {
  BatchCalls,
  type BatchResponse,
  type BatchWork,
  type ContextRequest,
  MAX_BATCH_ITEMS,
} from '#contract';
import { DomainError, ValidationFailed } from '#kernel';
import { Authenticator, type Permission } from '#rbac';
import { ErrorAnswers, type FailedRequest } from '../error-answers.js';
import { isNdjson } from '../json-body.interceptor.js';
import { type BatchItem, BatchItems } from './batch-items.js';
import { Gathering, slicesOf } from './gathering.js';
import { type Line, LineSplitter, TOO_LONG } from './line-splitter.js';
import { RejectedLines } from './rejected-lines.js';
import { chunksOf } from './streamed-body.js';

const MULTI_STATUS = 207;
/** JSON's own white space and nothing else. */
const BLANK = /^[ \t\r]*$/;

/** Batches over HTTP: an array, which the interceptor has read, or lines, which are read here. */
@Injectable()
export class HttpBatchCalls extends BatchCalls {
  constructor(
    @Inject(CONFIG) private readonly config: Pick<Config, 'bodyLimit'>,
    private readonly errors: ErrorAnswers,
    private readonly authenticator: Authenticator,
  ) {
    super();
  }

  async answer<Item extends object>(
    request: ContextRequest,
    response: Response,
    work: BatchWork<Item>,
  ): Promise<BatchResponse | undefined> {
    const { context, method, originalUrl: target } = request;
    const failed = { context, method, target, peer: request.socket.remoteAddress };
    const items = new BatchItems(work, failed, this.errors, () => this.admit(failed, work.permission));
    if (isNdjson(request)) {
      await this.answerLines(request, response, items);
      return undefined;
    }
    response.status(MULTI_STATUS);
    if (context.tx) return this.takeWhole(request.body, items);
    const answer = await this.takeArray(request.body, items, response);
    if (!response.destroyed) response.json(answer);
    return undefined;
  }

  /** @throws DomainError `UNAUTHENTICATED`; AccessDenied */
  private admit({ context, peer }: FailedRequest, permission: string): void {
    if (!this.authenticator.stillKnown(context.principal, peer))
      throw new DomainError('UNAUTHENTICATED', 'The credentials hold no longer.');
    this.authenticator.authorize(context, permission as Permission);
  }

  /** As one unit of work: nothing is left where a part could not be written. @throws StoreUnavailable */
  private async takeWhole<Item extends object>(
    body: unknown,
    items: BatchItems<Item>,
  ): Promise<BatchResponse> {
    const answer = await this.takeArray(body, items);
    if (items.unavailable) throw items.unavailable;
    return answer;
  }

  /** @param listener who waits for the answer; when it is gone, no more is begun. */
  private async takeArray<Item extends object>(
    body: unknown,
    items: BatchItems<Item>,
    listener?: Response,
  ): Promise<BatchResponse> {
    if (!Array.isArray(body)) throw new ValidationFailed([{ path: 'body', message: 'must be a JSON array' }]);
    if (body.length > MAX_BATCH_ITEMS) {
      const limit = `An array may hold ${MAX_BATCH_ITEMS} items; send more of them as lines of JSON.`;
      throw new DomainError('PAYLOAD_TOO_LARGE', limit);
    }
    const all = body.map((value: unknown, index): BatchItem => ({ index, read: () => value }));
    const results = [];
    for (const slice of slicesOf(all)) {
      if (listener?.destroyed) break;
      await new Promise(setImmediate);
      // Each try may wait long for a store that is gone, and somebody waits for the answer.
      const { unavailable } = items;
      results.push(...(await (unavailable ? items.refuse(slice, unavailable) : items.take(slice))));
    }
    const { accepted, rejected } = items;
    return { accepted, rejected, results };
  }

  /** Records whatever lines came whole, also of a request that ends before its end. */
  private async answerLines<Item extends object>(
    request: ContextRequest,
    response: Response,
    items: BatchItems<Item>,
  ): Promise<void> {
    const answer = new RejectedLines(response);
    const gathering = new Gathering<BatchItem>(async (slice) => answer.write(await items.take(slice)));
    const splitter = new LineSplitter(this.config.bodyLimit);
    let index = 0;
    const add = (line: Line): void => {
      const item = { index: index++, read: () => this.parse(line) };
      if (line === TOO_LONG) gathering.add(item, 0);
      else if (!BLANK.test(line)) gathering.add(item, line.length);
    };
    try {
      for await (const chunk of chunksOf(request)) {
        for (const line of splitter.push(chunk)) {
          add(line);
          if (gathering.full) await gathering.room();
        }
      }
      const last = splitter.end();
      if (last !== null) add(last);
    } finally {
      await gathering.settled();
    }
    answer.end({ accepted: items.accepted, rejected: items.rejected });
  }

  private parse(line: Line): unknown {
    if (line === TOO_LONG)
      throw new DomainError('PAYLOAD_TOO_LARGE', `A line may have ${this.config.bodyLimit} bytes.`);
    try {
      return JSON.parse(line);
    } catch {
      throw new DomainError('INVALID_JSON', 'The line is not JSON.');
    }
  }
}
