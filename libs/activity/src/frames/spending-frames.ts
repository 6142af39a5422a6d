import { BUDGET_STATUSES, CHARGE_SOURCES, type OperationType } from '#kernel';
import { contextOf, type FrameForm, toContext } from './frame-form.js';
import { AGENT_ID, AGENT_NAME, REDACTED, SESSION_ID } from './members.js';
import { boolean, integer, mapOf, number, objectOf, oneOf, orNull, text, time, uuid } from './schema.js';

const STATUS = oneOf(BUDGET_STATUSES, 'Where the account stands, from unworried to gravest.');
const RESERVED = {
  max_cost_usd: number('What is set aside, USD.'),
  max_tokens: orNull(integer('Tokens that are set aside.')),
};

/** What was measured, and what it cost. */
export const SPENDING_FRAMES = {
  'metric.record': {
    type: 'metric_recorded',
    permission: 'stream:read',
    description: 'A metric was recorded.',
    schema: objectOf(
      {
        metric_id: uuid('Its id.'),
        agent_id: AGENT_ID,
        agent_name: AGENT_NAME,
        metric_type: oneOf(['execution', 'cost', 'quality', 'task_completion'], 'What is measured.'),
        execution_time_ms: orNull(number('Milliseconds.')),
        success: orNull(boolean('Whether it went well.')),
        tokens_used: orNull(integer('Tokens.')),
        api_calls: orNull(integer('API calls.')),
        cost_usd: orNull(number('USD.')),
        quality_score: orNull(number('Score, 0–1.')),
        code_violations: orNull(integer('Violations found.')),
        tasks_completed: orNull(integer('Tasks completed.')),
        tasks_failed: orNull(integer('Tasks failed.')),
        context: orNull(mapOf(true, 'What else was said.')),
        recorded_at: time('When it was measured.'),
      },
      { redacted: REDACTED },
    ),
    data: toContext,
  },
  'budget.deduct': {
    type: 'budget_updated',
    permission: 'stream:read',
    description: 'Spending was booked.',
    schema: objectOf(
      {
        agent_id: text('The account: the id of an agent, or `unknown`.'),
        agent_name: AGENT_NAME,
        tokens_used_today: integer('Tokens booked today.'),
        cost_used_today: number('USD booked today.'),
        remaining_cost: orNull(number('USD left today, below 0 when overspent; null without a limit.')),
        status: STATUS,
      },
      {
        source: oneOf(CHARGE_SOURCES, 'Through which call it came.'),
        session_id: SESSION_ID,
        tool_use_id: text('The tool use.'),
        request_id: text('The request.'),
        reservation_id: uuid('The reservation that it settles.'),
        claimed_agent: text('The agent that was named, where another was charged.'),
        redacted: REDACTED,
      },
    ),
    data: toContext,
  },
  'budget.threshold': {
    type: 'budget_threshold',
    permission: 'stream:read',
    description: 'A charge took an agent over a step of its day.',
    schema: objectOf(
      {
        agent_id: AGENT_ID,
        agent_name: AGENT_NAME,
        step: text('The step: `notify`, `soft_limit`, `exceeded`, `pause_and_approve` or `terminate`.'),
        cost_used_today: number('USD booked today.'),
        limit: number('Where the step is, USD.'),
      },
      { session_id: SESSION_ID },
    ),
    data: toContext,
  },
  'budget.reserve': {
    type: 'budget_reservation',
    permission: 'stream:read',
    description: 'A part of a budget was set aside, or there was no room for it: then `code` says why.',
    schema: objectOf(
      {
        agent_id: AGENT_ID,
        agent_name: AGENT_NAME,
        ...RESERVED,
        remaining_cost: number('USD left afterwards.'),
        remaining_tokens: orNull(integer('Tokens left in the session; null without one.')),
        status: STATUS,
      },
      {
        reservation_id: uuid('The reservation; not where it was refused.'),
        expires_at: time('Until when it is held; not where it was refused.'),
        code: text('Why it was refused.'),
        session_id: SESSION_ID,
        redacted: REDACTED,
      },
    ),
    data: toContext,
  },
  'budget.settle': {
    type: 'budget_settled',
    permission: 'stream:read',
    description: 'A reservation ended; what was spent is booked by `budget_updated`.',
    schema: objectOf(
      {
        agent_id: AGENT_ID,
        agent_name: AGENT_NAME,
        reservation_id: uuid('The reservation.'),
        ...RESERVED,
        cost_usd: number('USD spent.'),
        tokens_used: integer('Tokens used.'),
        late: boolean('Whether it had expired before.'),
      },
      { session_id: SESSION_ID },
    ),
    data: (event) =>
      event.context === null
        ? null
        : JSON.stringify({ agent_id: event.agentId, agent_name: event.agentName, ...contextOf(event) }),
  },
} satisfies Partial<Record<OperationType, FrameForm>>;
