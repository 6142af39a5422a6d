import { Injectable } from '@nestjs/common';
import { AuditTrail, type OperationContext, type TransactionContext, TransactionRunner } from '#kernel';
import { MAX_REPEAT_MINUTES } from '#rbac';
import { toAlertEntry, toManyEntry } from './alert-entry.js';
import { AlertsRaisedRepository } from './alerts-raised.repository.js';
import type { RaisedRow } from './raised-alerts.js';
import type { Finding } from './rules/finding.js';

const KEPT_MS = MAX_REPEAT_MINUTES * 60_000;

/** Tells what was found, each once within the time of its rule. An alert commits together with that it was told. */
@Injectable()
export class AlertDesk {
  constructor(
    private readonly raised: AlertsRaisedRepository,
    private readonly transactions: TransactionRunner,
    private readonly trail: AuditTrail,
  ) {}

  /** The same in a transaction of its own, which there is none for where all was told before. */
  async raise(ctx: OperationContext, findings: readonly Finding[]): Promise<void> {
    if (findings.length === 0) return;
    const raised = await this.raised.load(ctx);
    if (findings.some((finding) => raised.take(finding) !== null))
      await this.transactions.run(ctx, (tx) => this.raiseWithin(tx, findings));
  }

  async raiseWithin(tx: TransactionContext, findings: readonly Finding[]): Promise<void> {
    if (findings.length === 0) return;
    const raised = await this.raised.load(tx);
    const rows: RaisedRow[] = [];
    for (const finding of findings) {
      const row = raised.take(finding);
      if (!row) continue;
      rows.push(row);
      // So that the request that caused it leads to it.
      const ctx = finding.cause ? { ...tx, traceId: finding.cause.traceId } : tx;
      this.trail.record(ctx, row.isMany ? toManyEntry(finding) : toAlertEntry(finding));
    }
    if (rows.length === 0) return;
    await this.raised.keep(tx, rows, Math.min(...rows.map((row) => row.raised_at)) - KEPT_MS);
  }
}
