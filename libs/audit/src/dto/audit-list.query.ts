import { offsetQuery, pageQuery, TextField } from '#contract';

export class AuditListQuery extends pageQuery(500) {
  @TextField({
    description: 'UUID or name of an agent, or the text that was sent as its id.',
    example: 'coder',
  })
  agent_id?: string;

  @TextField({ description: 'Only this operation type.', example: 'tool_use' })
  operation_type?: string;

  @TextField({ description: 'Only this decision.', example: 'denied' })
  rbac_decision?: string;
}

export class EventListQuery extends offsetQuery(500, 50) {
  @TextField({
    description: 'UUID or name of an agent, or the text that was sent as its id.',
    example: 'coder',
  })
  agent_id?: string;
}
