import { BooleanField, EnumField, pageQuery, TextField, TimeField } from '#contract';
import { type Order, ORDERS } from '../timeline.repository.js';

const AGENT = {
  description: 'UUID or name of an agent, or the text that was sent as its id.',
  example: 'coder',
};

export const ACTIVITY_STATUSES = ['active', 'idle'] as const;
export type ActivityStatus = (typeof ACTIVITY_STATUSES)[number];

export class ActiveQuery extends pageQuery({ list: 'active agents', place: ['number'], maxLimit: 500 }) {
  @TextField(AGENT)
  agent_id?: string;

  @TextField({ description: 'Only this role.', example: 'developer' })
  role?: string;

  @TextField({ description: 'Only registered agents of this category.', example: 'foundry' })
  category?: string;

  @TextField({ description: 'Only in this session.', example: 's-1' })
  session_id?: string;

  @EnumField(ACTIVITY_STATUSES, {
    description: '`idle`: without a sign of life for `AGENT_IDLE_AFTER`.',
    example: 'active',
  })
  status?: ActivityStatus;
}

export class SessionsQuery extends pageQuery({ list: 'sessions', place: ['number'], maxLimit: 500 }) {
  @TextField({ ...AGENT, description: `Only sessions in which it acted. ${AGENT.description}` })
  agent_id?: string;

  @BooleanField({ description: 'Only those in which an agent is active or idle, or in which none is.' })
  active?: boolean;

  @TimeField({ description: 'Something happened then or later.', example: '2026-01-01T00:00:00.000Z' })
  since?: string;
}

export class SessionQuery extends pageQuery({ list: 'timeline', place: ['number'], maxLimit: 500 }) {
  @EnumField(ORDERS, { description: 'Which entry comes first.', default: 'newest', example: 'newest' })
  order?: Order;
}
