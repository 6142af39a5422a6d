import { BooleanField, EnumField, pageQuery, TextField } from '#contract';
import { ROLE_NAMES } from '#rbac';

export class AgentListQuery extends pageQuery(500) {
  @EnumField(ROLE_NAMES, { description: 'Only this role.', example: 'developer' })
  role?: string;

  @TextField({ description: 'Only this category.', example: 'foundry' })
  category?: string;

  @BooleanField({ description: 'Only specialists, or only generalists.', example: true })
  specialist?: boolean;
}
