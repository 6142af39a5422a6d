import type {
  AuditTrail,
  BudgetCalendar,
  BudgetDay,
  ChargeDraft,
  ChargeResult,
  Clock,
  MaskedKinds,
  Sink,
  Transaction,
  TransactionContext,
} from '#kernel';
import { newId } from '#kernel';
import { insertRows, storeOf } from '#persistence';
import type { BudgetRules, PolicyInForce } from '#rbac';
import { windowsOf } from './accounts.js';
import { recordCharge, recordStep } from './budget-entries.js';
import { statusOf, stepsCrossed } from './budget-status.js';
import { BookedKeys, type IdempotencyKey } from './idempotency-keys.js';
import { type Usage, UsageSums } from './usage-sums.js';

/** A charge on its way to the ledger; the commit fills in the result. */
export interface PendingCharge {
  readonly ctx: TransactionContext;
  /** Without secrets, its ids in the form that is indexed. */
  readonly draft: ChargeDraft;
  readonly masked: MaskedKinds;
  readonly result: ChargeResult;
}

const LEDGER_COLUMNS = [
  'charge_id',
  'account',
  'day',
  'role',
  'source',
  'tokens_used',
  'cost_micro',
  'tool_name',
  'session_id',
  'tool_use_id',
  'request_id',
  'reservation_id',
  'principal_id',
  'claimed_agent',
  'client_timestamp',
  'charged_at',
];

/**
 * The writing end of the ledger. Under the writer's lock it reads the sums and keys that a group's charges
 * name, books each charge that was not booked before, and records what became of it; a few statements a group.
 */
export class LedgerSink implements Sink<PendingCharge> {
  readonly name = 'budget_ledger';
  readonly order = 20;

  constructor(
    private readonly audit: AuditTrail,
    private readonly policy: PolicyInForce,
    private readonly calendar: BudgetCalendar,
    private readonly clock: Clock,
  ) {}

  async flush(tx: Transaction, charges: readonly PendingCharge[]): Promise<void> {
    const store = storeOf(tx);
    const { budgets } = this.policy.current;
    // Charges may have waited for the lock: the day is that of their booking, whose moment lies in it.
    const now = this.clock.now();
    const day = this.calendar.today();
    const chargedAt = Math.max(now, day.startedAt);
    const bookings = charges.map((charge) => ({
      charge,
      keys: keysOf(charge),
      windows: windowsIn(charge, day),
    }));
    const usage = await UsageSums.read(
      store,
      bookings.flatMap(({ windows }) => windows),
    );
    const booked = await BookedKeys.read(
      store,
      bookings.flatMap(({ keys }) => keys),
    );
    const rows: unknown[][] = [];
    for (const { charge, keys, windows } of bookings) {
      const [today] = windows;
      const before = usage.of(today).costMicro;
      charge.result.charged = !keys.some((key) => booked.has(key));
      if (charge.result.charged) {
        for (const key of keys) booked.add(key);
        const { tokensUsed: tokens, costMicro } = charge.draft;
        for (const window of windows) usage.add(window, { tokens, costMicro });
        rows.push(toRow(charge, day, chargedAt));
      }
      fillIn(charge, usage.of(today), budgets);
      if (charge.result.charged) this.record({ ...charge.ctx, tx }, charge, before, budgets);
    }
    if (rows.length === 0) return;
    await insertRows(store, 'budget_ledger', LEDGER_COLUMNS, rows);
    await usage.write(store);
  }

  private record(
    ctx: TransactionContext,
    { draft, masked, result }: PendingCharge,
    beforeMicro: number,
    rules: BudgetRules,
  ): void {
    recordCharge(this.audit, ctx, draft, result, masked.list);
    const { agent } = draft;
    if (!agent) return;
    const steps = stepsCrossed(beforeMicro, result.costMicroToday, agent.maxCostPerDayMicro, rules);
    for (const step of steps) recordStep(this.audit, ctx, agent, draft, step, result);
  }
}

function fillIn({ draft, result }: PendingCharge, { tokens, costMicro }: Usage, rules: BudgetRules): void {
  const max = draft.agent?.maxCostPerDayMicro ?? null;
  result.tokensUsedToday = tokens;
  result.costMicroToday = costMicro;
  result.remainingMicro = max === null ? null : max - costMicro;
  result.status = statusOf(costMicro, max, rules);
}

function windowsIn({ draft, result }: PendingCharge, day: BudgetDay): ReturnType<typeof windowsOf> {
  return windowsOf(result.account, draft.agent?.role ?? null, draft.sessionId, day);
}

function keysOf({ ctx, draft, result }: PendingCharge): IdempotencyKey[] {
  const scope = { account: result.account, principalId: ctx.principal.id };
  const { toolUseId, requestId } = draft;
  return [
    ...(toolUseId === null ? [] : [{ ...scope, column: 'tool_use_id' as const, id: toolUseId }]),
    ...(requestId === null ? [] : [{ ...scope, column: 'request_id' as const, id: requestId }]),
  ];
}

function toRow({ ctx, draft, result }: PendingCharge, day: BudgetDay, chargedAt: number): unknown[] {
  return [
    newId(),
    result.account,
    day.date,
    draft.agent?.role ?? null,
    draft.source,
    draft.tokensUsed,
    draft.costMicro,
    draft.toolName,
    draft.sessionId,
    draft.toolUseId,
    draft.requestId,
    draft.reservationId ?? null,
    ctx.principal.id,
    draft.claimedAgent,
    draft.clientTimestamp,
    chargedAt,
  ];
}
