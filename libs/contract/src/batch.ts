import { applyDecorators, SetMetadata, type Type } from '@nestjs/common';
import {
  ApiBody,
  ApiConsumes,
  ApiExtraModels,
  ApiProperty,
  ApiPropertyOptional,
  ApiResponse,
  getSchemaPath,
} from '@nestjs/swagger';
import type { Response } from 'express';
import type { OperationContext, Outcome, RecordedItem } from '#kernel';
import type { WithExtra } from './contract.pipe.js';
import { TextField } from './fields.js';
import { ApiBodyProblems, FieldProblemResponse } from './problem.js';
import type { ContextRequest } from './request-context.js';

export const NDJSON = 'application/x-ndjson';
/** How many items an array may hold. */
export const MAX_BATCH_ITEMS = 10_000;

/** What a route of batches does with its items. */
export interface BatchWork<Item extends object> {
  /** The request of the call that takes one item. */
  readonly item: new () => Item;
  /** What the route asks for; asked again for each slice, since lines may come for hours. */
  readonly permission: string;
  /** @returns the id of each item that is durable now, or its error; in their order. Never rejects. */
  record(ctx: OperationContext, items: readonly Item[]): Promise<Outcome<RecordedItem>[]>;
}

/** Reads batches, has their items recorded, and answers what became of each. */
export abstract class BatchCalls {
  /** @returns the answer where it is not sent yet: inside a transaction, which must commit first. */
  abstract answer<Item extends object>(
    request: ContextRequest,
    response: Response,
    work: BatchWork<Item>,
  ): Promise<BatchResponse | undefined>;
}

// eslint-disable-next-line no-control-regex -- these are what it keeps out: PostgreSQL takes no NUL
const EVENT_ID = /^[^\u0000-\u001f\u007f\ud800-\udfff]{1,128}$/u;

/** What its sender calls an item. */
export function EventIdField(): PropertyDecorator {
  return TextField({
    description:
      "The sender's id of the item: a repeat within 24 h is answered 200 with the first id, and writes nothing.",
    example: 'toolu_01A09q90qw90lq917835lq9',
    anyLength: true,
    pattern: EVENT_ID,
    patternMessage: 'must be 1 to 128 characters, none of them a control character',
  });
}

/** The item as a call of its own has it, where the sender's id is one of the members that are kept in `extra`. */
export function withEventIdKept<Item extends { event_id?: string } & WithExtra>(item: Item): Item {
  const { event_id, extra } = item;
  if (event_id === undefined) return item;
  return { ...item, extra: Object.assign(Object.create(null), extra, { event_id }) as object };
}

export class ItemProblemResponse {
  @ApiProperty({ description: 'A stable word for machines.', example: 'VALIDATION_FAILED' })
  code!: string;

  @ApiProperty({ description: 'One sentence for a human.', example: 'cost_usd: must be 0 or more' })
  detail!: string;

  @ApiProperty({ description: 'The fields that were refused.', type: [FieldProblemResponse] })
  errors!: readonly FieldProblemResponse[];
}

const INDEX = { description: "The item's place, from 0; of lines, blank ones count too.", example: 0 };

/** A line of the answer to lines. */
export class RejectedLineResponse {
  @ApiProperty({ ...INDEX, type: 'integer' })
  index!: number;

  @ApiProperty({ description: 'The HTTP status that the item alone would have had.', example: 422 })
  status!: number;

  @ApiProperty({ description: 'Why it was refused.', type: ItemProblemResponse })
  error!: ItemProblemResponse;
}

export class BatchItemResponse {
  @ApiProperty({ ...INDEX, type: 'integer' })
  index!: number;

  @ApiProperty({
    description: 'The HTTP status that the item alone would have had; 200 for a repeat of its `event_id`.',
    example: 201,
  })
  status!: number;

  @ApiPropertyOptional({
    description: 'Of what was recorded: `audit_id` of an event, `metric_id` of a metric.',
    example: '019ab0de-7c1f-7f5a-9d25-2f0c5d9f3a11',
  })
  id?: string;

  @ApiPropertyOptional({ description: 'Why it was refused.', type: ItemProblemResponse })
  error?: ItemProblemResponse;
}

/** The last line of the answer to lines. */
export class BatchSummaryResponse {
  @ApiProperty({ description: 'Items that are on disk.', example: 9_999, type: 'integer' })
  accepted!: number;

  @ApiProperty({ description: 'Items that were refused.', example: 1, type: 'integer' })
  rejected!: number;
}

export class BatchResponse extends BatchSummaryResponse {
  @ApiProperty({ description: 'What became of each item, in their order.', type: [BatchItemResponse] })
  results!: readonly BatchItemResponse[];
}

const BATCH = 'contract:batch';

/** Whether the handler takes batches; then lines are left to it to read. */
export function takesBatches(handler: object): boolean {
  return Reflect.getMetadata(BATCH, handler) === true;
}

/** The handler takes an array, or lines, of what `item` describes, and leaves the answer to {@link BatchCalls}. */
export function TakesBatches(item: Type<object>): MethodDecorator {
  const schemaOf = (type: Type<object>) => ({ $ref: getSchemaPath(type) });
  return applyDecorators(
    SetMetadata(BATCH, true),
    ApiExtraModels(item, BatchResponse, RejectedLineResponse, BatchSummaryResponse),
    ApiConsumes('application/json', NDJSON),
    ApiBody({
      description: `An array of up to ${MAX_BATCH_ITEMS} items; or lines, each of one item, as many as you like.`,
      required: true,
      schema: { type: 'array', maxItems: MAX_BATCH_ITEMS, items: schemaOf(item) },
    }),
    ApiResponse({
      status: 207,
      description: 'The array was taken; `results` says what became of each item.',
      content: { 'application/json': { schema: schemaOf(BatchResponse) } },
    }),
    ApiResponse({
      status: 200,
      description:
        'The lines were taken: a line for each that was refused, up to 10,000 and 4 MiB of them, then the summary.',
      content: {
        [NDJSON]: { schema: { oneOf: [schemaOf(RejectedLineResponse), schemaOf(BatchSummaryResponse)] } },
      },
    }),
    ApiBodyProblems(),
  );
}
