import { IntegerField, NumberField, TextField } from '#contract';
import { LIMITS } from '#kernel';

const MAX_TTL_S = 3_600;

/** Spending that is about to happen. */
export class ReserveBudgetRequest {
  @TextField({ description: 'UUID or name of a live agent.', example: 'coder', required: true })
  agent_id!: string;

  @TextField({ description: 'The session; without one no tokens are counted.', example: 's-1' })
  session_id?: string;

  @NumberField({
    description: 'USD to set aside.',
    example: 0.5,
    required: true,
    max: LIMITS.costUsd,
  })
  max_cost_usd!: number;

  @IntegerField({
    description: "Tokens to set aside of the session's.",
    example: 20000,
    required: true,
    max: LIMITS.tokens,
  })
  max_tokens!: number;

  @IntegerField({
    description: 'Seconds until what is not settled is given back.',
    example: 600,
    required: true,
    min: 1,
    max: MAX_TTL_S,
  })
  ttl_s!: number;
}
