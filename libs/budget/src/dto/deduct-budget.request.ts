import { IntegerField, NumberField, TextField } from '#contract';
import { LIMITS } from '#kernel';

/** Spending that has happened. */
export class DeductBudgetRequest {
  @TextField({
    description: 'UUID or name of the agent; what names none is booked to the account `unknown`.',
    example: 'coder',
  })
  agent_id?: string;

  @TextField({ description: "The caller's word for the agent's role.", example: 'developer' })
  agent_role?: string;

  @TextField({ description: 'The tool that was used.', example: 'Task' })
  tool_name?: string;

  @IntegerField({ description: 'Tokens.', example: 5000, required: true, max: LIMITS.tokens })
  tokens_used!: number;

  @NumberField({ description: 'USD.', example: 0.015, required: true, max: LIMITS.costUsd })
  cost_usd!: number;

  @TextField({ description: 'The session.', example: 's-1' })
  session_id?: string;

  @TextField({ description: 'A tool use is charged once.', example: 'toolu_01A' })
  tool_use_id?: string;

  @TextField({ description: 'A request is charged once.', example: 'req_01A' })
  request_id?: string;

  @TextField({
    description: "The caller's time; kept, but the day is this service's.",
    example: '2026-01-05T10:00:00.000Z',
  })
  timestamp?: string;
}
