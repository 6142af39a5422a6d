import { BooleanField, EnumField, pageQuery, TextField } from '#contract';
import { BUDGET_STATUSES, type BudgetStatus } from '#kernel';
import { ROLE_NAMES } from '#rbac';

export class AgentListQuery extends pageQuery({ list: 'agents', place: ['string'], maxLimit: 500 }) {
  @EnumField(ROLE_NAMES, { description: 'Only this role.', example: 'developer' })
  role?: string;

  @TextField({ description: 'Only this category.', example: 'foundry' })
  category?: string;

  @BooleanField({ description: 'Only specialists, or only generalists.', example: true })
  specialist?: boolean;

  @TextField({
    description: 'Only with this text in the name, the role, its reason or the category; A is a.',
    example: 'code',
  })
  q?: string;

  @TextField({ description: 'Only with exactly this tag.', example: 'typescript' })
  tag?: string;

  @TextField({ description: 'Only with exactly this capability.', example: 'code' })
  capability?: string;

  @EnumField(BUDGET_STATUSES, {
    description: 'Only agents whose budget of today has this status.',
    example: 'paused',
  })
  status?: BudgetStatus;
}
