import { BooleanField, EnumField, IntegerField, NumberField, TextField, TextListField } from '#contract';
import { LIMITS } from '#kernel';
import { DEFAULT_APPROVAL_THRESHOLD_USD, DEFAULT_VERSION, MIN_COST_PER_DAY_USD } from '../agent-defaults.js';

/** Fields that creating and updating an agent have in common; all optional. */
export class AgentFields {
  @NumberField({ description: 'How sure the role is.', default: 0, example: 0.9, max: 1 })
  role_confidence?: number;

  @TextField({ description: 'Why this role.', example: 'Writes and edits code.', nullable: true })
  role_reasoning?: string | null;

  @TextListField({
    description:
      'Tools it may use; absent or null: the role\'s; `[]`: none; `["*"]`: all that the role allows.',
    example: ['Read', 'Edit'],
    nullable: true,
  })
  rbac_allowed_tools?: string[] | null;

  @TextListField({
    description: "Tools it may not use; absent or null: the role's.",
    example: ['Bash'],
    nullable: true,
  })
  rbac_denied_tools?: string[] | null;

  @TextListField({
    description: "Globs of paths it may touch; absent or null: the role's.",
    example: ['src/**'],
    nullable: true,
  })
  rbac_path_scopes?: string[] | null;

  @TextListField({
    description: "APIs it may call; absent or null: the role's.",
    example: ['github'],
    nullable: true,
  })
  rbac_api_access?: string[] | null;

  @BooleanField({ description: 'Whether each operation needs an approval.', default: false, example: false })
  rbac_requires_approval?: boolean;

  @NumberField({
    description: 'USD above which an operation needs an approval.',
    default: DEFAULT_APPROVAL_THRESHOLD_USD,
    example: 10,
    max: LIMITS.costUsd,
  })
  rbac_approval_threshold?: number;

  @IntegerField({
    description: "Tokens a session may use; absent or null: the role's.",
    example: 200000,
    max: LIMITS.tokens,
    exclusiveMin: true,
    nullable: true,
  })
  budget_max_tokens_per_session?: number | null;

  @NumberField({
    description: "USD a day; absent or null: the role's.",
    example: 30,
    min: MIN_COST_PER_DAY_USD,
    max: LIMITS.costUsd,
    nullable: true,
  })
  budget_max_cost_per_day?: number | null;

  @EnumField(['USD'], { description: 'The only currency.', default: 'USD', example: 'USD' })
  budget_currency?: string;

  @BooleanField({ description: 'A specialist or a generalist.', default: false, example: false })
  metadata_specialist?: boolean;

  @TextField({
    description: 'Version of the identity.',
    default: DEFAULT_VERSION,
    example: '1.0.0',
  })
  metadata_version?: string;

  @TextListField({ description: 'Free tags.', default: [], example: ['api'] })
  metadata_tags?: string[];
}
