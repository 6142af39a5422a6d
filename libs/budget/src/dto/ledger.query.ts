import { EnumField, IntegerField, TextField, TimeField } from '#contract';
import { CHARGE_SOURCES } from '#kernel';
import { CURSOR, CURSOR_LENGTH } from '../ledger-cursor.js';

const MAX_LIMIT = 500;

export class LedgerQuery {
  @TextField({ description: 'UUID or name of an agent, or `unknown`.', example: 'coder' })
  agent_id?: string;

  @TextField({ description: 'Only this session.', example: 's-1' })
  session_id?: string;

  @EnumField(CHARGE_SOURCES, {
    description: 'Only what came this way: a deduction, a metric of type `cost`, a settled reservation.',
    example: 'deduct',
  })
  source?: string;

  @TimeField({ description: 'Charged then or later.', example: '2026-01-01T00:00:00.000Z' })
  from?: string;

  @TimeField({ description: 'Charged before.', example: '2026-02-01T00:00:00.000Z' })
  to?: string;

  @IntegerField({
    description: 'How many at the most.',
    default: 100,
    example: 100,
    min: 1,
    max: MAX_LIMIT,
  })
  limit?: number;

  @TextField({
    description: 'The `next_cursor` of the page before.',
    maxChars: CURSOR_LENGTH,
    pattern: CURSOR,
    patternMessage: 'must be the next_cursor of a page',
  })
  cursor?: string;
}
