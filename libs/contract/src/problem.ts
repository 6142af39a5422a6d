import { applyDecorators } from '@nestjs/common';
import { ApiExtraModels, ApiProperty, ApiResponse, getSchemaPath } from '@nestjs/swagger';

export class FieldProblemResponse {
  @ApiProperty({ description: 'The field, dotted.', example: 'budget_max_cost_per_day' })
  path!: string;

  @ApiProperty({ description: 'What is wrong with it.', example: 'must be greater than 0' })
  message!: string;
}

/** RFC 9457 problem details. */
export class ProblemResponse {
  @ApiProperty({ description: 'A reference that names the kind of problem.', example: 'about:blank' })
  type!: string;

  @ApiProperty({ description: 'The HTTP status in words.', example: 'Unprocessable Entity' })
  title!: string;

  @ApiProperty({ description: 'The HTTP status.', example: 422 })
  status!: number;

  @ApiProperty({ description: 'One sentence for a human.', example: 'name: is required' })
  detail!: string;

  @ApiProperty({ description: 'The request target.', example: '/api/v1/agents' })
  instance!: string;

  @ApiProperty({ description: 'A stable word for machines.', example: 'VALIDATION_FAILED' })
  code!: string;

  @ApiProperty({ description: 'The fields that were refused.', type: [FieldProblemResponse] })
  errors!: FieldProblemResponse[];

  @ApiProperty({
    description: 'The request id, also in `X-Request-Id`.',
    example: '019ab0de-7c1f-7f5a-9d25-2f0c5d9f3a11',
  })
  trace_id!: string;
}

const MEANING: Readonly<Record<number, string>> = {
  400: 'The body is not JSON.',
  401: 'No or bad credentials.',
  403: 'The principal may not do this.',
  404: 'Unknown, or an id that cannot exist.',
  409: 'The present state does not allow it, or the request with this `Idempotency-Key` is being carried out.',
  410: 'What is asked for is gone.',
  412: 'It changed since: its ETag is none of those in `If-Match`.',
  413: 'The body is larger than the route takes: `BODY_LIMIT`, unless it says otherwise.',
  415: 'The body is of no type that the route takes: `application/json`, unless it says otherwise.',
  422: 'The input fails validation; `errors` names the fields.',
  429: 'Too much of this; try again after `Retry-After` seconds.',
  503: 'The service or its store is not ready; try again after `Retry-After` seconds.',
};

/** Documents the error answers of a route. */
export function ApiProblems(...statuses: number[]): MethodDecorator & ClassDecorator {
  return applyDecorators(
    ApiExtraModels(ProblemResponse),
    ...statuses.map((status) =>
      ApiResponse({
        status,
        description: MEANING[status] ?? 'An error.',
        content: { 'application/problem+json': { schema: { $ref: getSchemaPath(ProblemResponse) } } },
      }),
    ),
  );
}

/** The error answers of every route that takes a JSON body. */
export function ApiBodyProblems(): MethodDecorator & ClassDecorator {
  return ApiProblems(400, 413, 415, 422);
}
