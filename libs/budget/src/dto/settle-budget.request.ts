import { IntegerField, NumberField, TextField } from '#contract';
import { LIMITS } from '#kernel';

/** What a reservation came to. */
export class SettleBudgetRequest {
  @TextField({
    description: 'The reservation.',
    example: '019ab0de-7c1f-7f5a-9d25-2f0c5d9f3a11',
    required: true,
  })
  reservation_id!: string;

  @NumberField({
    description: 'USD that were spent, be it more than was reserved.',
    example: 0.42,
    required: true,
    max: LIMITS.costUsd,
  })
  cost_usd!: number;

  @IntegerField({ description: 'Tokens that were used.', example: 18000, required: true, max: LIMITS.tokens })
  tokens_used!: number;
}
