import { Injectable } from '@nestjs/common';
import type { OperationContext, TransactionContext } from '#kernel';
import { insertRows, Reader, storeOf } from '#persistence';
import { type RaisedRow, RaisedAlerts } from './raised-alerts.js';

/** What was alerted to, and up to where the log has been judged. */
@Injectable()
export class AlertsRaisedRepository {
  constructor(private readonly reader: Reader) {}

  /** Inside a transaction as that sees it, with the last word: nobody else raises meanwhile. */
  async load(ctx: OperationContext): Promise<RaisedAlerts> {
    const rows = await this.reader
      .within(ctx)
      .query<RaisedRow>('SELECT rule_id, subject, raised_at FROM alerts_raised');
    return new RaisedAlerts(rows);
  }

  /** @param forgetBefore milliseconds UTC; nothing that old keeps anything quiet. */
  async keep(ctx: TransactionContext, rows: readonly RaisedRow[], forgetBefore: number): Promise<void> {
    const last = new Map(rows.map((row) => [`${row.rule_id} ${row.subject}`, row]));
    await insertRows(
      storeOf(ctx),
      'alerts_raised',
      ['rule_id', 'subject', 'raised_at'],
      [...last.values()].map((row) => [row.rule_id, row.subject, row.raised_at]),
      'ON CONFLICT (rule_id, subject) DO UPDATE SET raised_at = excluded.raised_at',
    );
    await storeOf(ctx).query('DELETE FROM alerts_raised WHERE raised_at < ?', [forgetBefore]);
  }

  /** @returns false where another instance was first; then nothing was changed. */
  async advance(ctx: TransactionContext, from: number, to: number): Promise<boolean> {
    const changed = await storeOf(ctx).change('UPDATE alert_progress SET seq = ? WHERE id = 1 AND seq = ?', [
      to,
      from,
    ]);
    return changed === 1;
  }
}
