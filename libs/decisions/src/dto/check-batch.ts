import { ApiProperty } from '@nestjs/swagger';
import { ObjectListField } from '#contract';
import { CheckRequest } from './check.request.js';
import { CheckResponse } from './check.response.js';

export const MAX_CHECKS = 100;

export class CheckBatchRequest {
  @ObjectListField({
    description: 'The checks, each as in `POST /rbac/check`; decided one after another.',
    example: [{ agent_id: 'coder', tool_name: 'Read', file_path: 'src/app.ts' }],
    required: true,
    max: MAX_CHECKS,
    type: CheckRequest,
  })
  checks!: Record<string, unknown>[];
}

export class CheckBatchResponse {
  @ApiProperty({ description: 'One decision a check, in their order.', type: [CheckResponse] })
  results!: CheckResponse[];
}
