import { ApiProperty } from '@nestjs/swagger';
import { formatTime } from '#contract';
import { visible } from '#kernel';
import type { ApprovalRow } from '../approvals.repository.js';
import { STATUSES } from './approval.requests.js';

const nullableText = (description: string, example: string | null) => ({
  description,
  example,
  type: String,
  nullable: true,
});
const nullableTime = (description: string) => ({ ...nullableText(description, null), format: 'date-time' });

/** What somebody is asked to approve. Texts show control and bidi characters as escapes. */
export class ApprovalResponse {
  @ApiProperty({
    description: 'Id of the approval.',
    format: 'uuid',
    example: '019ab0de-7c1f-7f5a-9d25-2f0c5d9f3a11',
  })
  approval_id!: string;
  @ApiProperty({
    description: '`spent`: given and used, once. `expired`: counts as denied.',
    enum: [...STATUSES],
    example: 'pending',
  })
  status!: string;
  @ApiProperty({
    description: 'What the approval is bound to; send it back to approve.',
    example: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
  })
  request_hash!: string;
  @ApiProperty({ description: 'The agent.', example: '5f1c2f1e-6d0a-4b55-9a43-0d5a3e0b7c11' })
  agent_id!: string;
  @ApiProperty({ description: 'Its name.', example: 'coder' })
  agent_name!: string;
  @ApiProperty({ description: 'Its role.', example: 'developer' })
  agent_role!: string;
  @ApiProperty({ description: 'The principal that asked.', example: 'local' })
  requester!: string;
  @ApiProperty({ description: 'The tool.', example: 'Bash' })
  tool_name!: string;
  @ApiProperty({
    description: 'Its whole input, canonical JSON text, credentials redacted.',
    example: '{"tool_input":{"command":"git push origin main"}}',
  })
  tool_input!: string;
  @ApiProperty(nullableText('The operation that was declared.', null))
  operation!: string | null;
  @ApiProperty(nullableText('Where scopes end.', '/home/dev/shop'))
  root!: string | null;
  @ApiProperty(nullableText('The working directory.', '/home/dev/shop'))
  cwd!: string | null;
  @ApiProperty(nullableText('The session.', 's-1'))
  session_id!: string | null;
  @ApiProperty({ description: 'The rule that asks.', example: 'approval.protected_branch_push' })
  rule!: string;
  @ApiProperty({ description: 'Why.', example: 'protected_branch_push takes an approval.' })
  reason!: string;
  @ApiProperty({ description: '`human`, or roles.', type: [String], example: ['human', 'admin'] })
  approvers!: string[];
  @ApiProperty({
    description: 'When it was asked for, ISO 8601 UTC.',
    format: 'date-time',
    example: '2026-01-05T10:00:00.000Z',
  })
  requested_at!: string;
  @ApiProperty({
    description: 'When it ends, ISO 8601 UTC.',
    format: 'date-time',
    example: '2026-01-05T10:15:00.000Z',
  })
  expires_at!: string;
  @ApiProperty(nullableTime('When it was decided.'))
  decided_at!: string | null;
  @ApiProperty(nullableText('The principal that decided.', null))
  decided_by!: string | null;
  @ApiProperty(nullableText('What it said.', null))
  comment!: string | null;
  @ApiProperty(nullableTime('When it was used.'))
  spent_at!: string | null;
  @ApiProperty({
    description: 'Texts of it were erased on demand: they are empty or null.',
    example: false,
  })
  redacted!: boolean;
}

export function toApprovalResponse(row: ApprovalRow): ApprovalResponse {
  const time = (ms: number | null) => (ms === null ? null : formatTime(ms));
  const text = (value: string | null) => (value === null ? null : visible(value));
  return {
    approval_id: row.approval_id,
    status: row.status,
    request_hash: row.request_hash,
    agent_id: row.agent_id,
    agent_name: visible(row.agent_name),
    agent_role: visible(row.agent_role),
    requester: row.requester_id,
    tool_name: visible(row.tool_name),
    tool_input: visible(row.tool_input),
    operation: text(row.operation),
    root: text(row.root),
    cwd: text(row.cwd),
    session_id: text(row.session_id),
    rule: row.rule,
    reason: visible(row.reason),
    approvers: JSON.parse(row.approvers) as string[],
    requested_at: formatTime(row.requested_at),
    expires_at: formatTime(row.expires_at),
    decided_at: time(row.decided_at),
    decided_by: row.decided_by,
    comment: text(row.comment),
    spent_at: time(row.spent_at),
    redacted: row.erased_at !== null,
  };
}
