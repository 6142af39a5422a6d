import { EnumField, TextField, TextListField, UnknownFields, UuidField } from '#contract';
import { LIMITS } from '#kernel';
import { ROLE_NAMES } from '#rbac';
import { NAME_PATTERN, RESERVED_NAMES } from '../agent-name.js';
import { AgentFields } from './agent-fields.js';

@UnknownFields('reject')
export class CreateAgentRequest extends AgentFields {
  @UuidField({ description: 'Its id; absent: a new one.', example: '5f1c2f1e-6d0a-4b55-9a43-0d5a3e0b7c11' })
  agent_id?: string;

  @TextField({
    description:
      'Unique among live agents; lower-case letters, digits and hyphens, not shaped like a UUID, no reserved word.',
    example: 'coder',
    required: true,
    maxChars: LIMITS.nameChars,
    pattern: NAME_PATTERN,
    patternMessage: 'must be lower-case letters, digits and hyphens',
    reserved: RESERVED_NAMES,
  })
  name!: string;

  @EnumField(ROLE_NAMES, {
    description: 'What it is for; rights and limits come from here.',
    example: 'developer',
    required: true,
  })
  role!: string;

  @TextListField({ description: 'What it can do.', example: ['typescript', 'refactoring'], required: true })
  capabilities!: string[];

  @TextField({
    description: 'The part of the fleet it belongs to.',
    example: 'foundry',
    required: true,
  })
  metadata_category!: string;
}
