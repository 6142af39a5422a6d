import { EnumField, IntegerField, pageQuery, TextField } from '#contract';

const HASH = {
  description: 'The `request_hash` of what was seen: another one is refused.',
  example: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
  pattern: /^[0-9a-f]{64}$/,
  patternMessage: 'must be 64 hexadecimal digits',
};
const COMMENT = { description: 'What to tell the agent.', example: 'Fine, after the tests.' };

export class ApproveRequest {
  @TextField({ ...HASH, required: true })
  request_hash!: string;

  @TextField(COMMENT)
  comment?: string;
}

export class DenyRequest {
  @TextField(HASH)
  request_hash?: string;

  @TextField(COMMENT)
  comment?: string;
}

export const STATUSES = ['pending', 'approved', 'denied', 'spent', 'expired'] as const;

export class ApprovalListQuery extends pageQuery({
  list: 'approvals',
  place: ['number', 'string'],
  maxLimit: 500,
}) {
  @EnumField(STATUSES, { description: 'Only these.', example: 'pending' })
  status?: (typeof STATUSES)[number];

  @TextField({ description: 'UUID or name of an agent.', example: 'coder' })
  agent_id?: string;
}

export class ApprovalQuery {
  @IntegerField({ description: 'Seconds to wait for a decision.', default: 0, example: 25, min: 0, max: 30 })
  wait?: number;
}
