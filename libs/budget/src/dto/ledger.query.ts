import { EnumField, pageQuery, TextField, TimeField } from '#contract';
import { CHARGE_SOURCES } from '#kernel';

export class LedgerQuery extends pageQuery({ list: 'ledger', place: ['number', 'string'], maxLimit: 500 }) {
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
}
