import { IntegerField, pageQuery, TextField } from '#contract';

export const DEFAULT_HOURS = 24;

export class AgentActivityQuery extends pageQuery({
  list: 'activity',
  place: ['number'],
  maxLimit: 500,
  start: 'offset',
}) {
  @TextField({
    description: 'UUID or name of an agent, or the text that was sent as its id.',
    example: 'coder',
  })
  agent_id?: string;

  @IntegerField({
    description: 'How far to look back.',
    default: DEFAULT_HOURS,
    example: DEFAULT_HOURS,
    min: 1,
    max: 168,
  })
  hours?: number;
}
