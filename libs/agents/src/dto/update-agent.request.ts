import { EnumField, TextField, TextListField, UnknownFields } from '#contract';
import { ROLE_NAMES } from '#rbac';
import { AgentFields } from './agent-fields.js';

/** Only the fields that are sent change. */
@UnknownFields('reject')
export class UpdateAgentRequest extends AgentFields {
  @EnumField(ROLE_NAMES, { description: 'What it is for.', example: 'reviewer' })
  role?: string;

  @TextListField({ description: 'What it can do.', example: ['typescript'] })
  capabilities?: string[];

  @TextField({
    description: 'The part of the fleet it belongs to.',
    example: 'foundry',
  })
  metadata_category?: string;
}
