import type {
  AuditTrail,
  BudgetDay,
  ChargeDraft,
  ChargeResult,
  Clock,
  Sink,
  Transaction,
  TransactionContext,
} from '#kernel';
import { newId } from '#kernel';
import { insertRows, marks, type StoreTransaction, storeOf } from '#persistence';
import type { BudgetRules, PolicyInForce } from '#rbac';
import type { UsageWindow } from './accounts.js';
import { recordCharge, recordStep } from './budget-entries.js';
import { statusOf, stepsCrossed } from './budget-status.js';
import { type Usage, UsageSums } from './usage-sums.js';

/** A charge on its way to the ledger; the commit fills in the result. */
export interface PendingCharge {
  readonly ctx: TransactionContext;
  readonly draft: ChargeDraft;
  readonly day: BudgetDay;
  /** What it counts in, the account's day first. */
  readonly windows: readonly [UsageWindow, ...UsageWindow[]];
  readonly result: ChargeResult;
}

interface KeyRow {
  account: string;
  principal_id: string;
  tool_use_id: string | null;
  request_id: string | null;
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

const idempotencyKey = (column: string, account: string, principal: string, id: string): string =>
  JSON.stringify([column, account, principal, id]);

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
    private readonly clock: Clock,
  ) {}

  async flush(tx: Transaction, charges: readonly PendingCharge[]): Promise<void> {
    const store = storeOf(tx);
    const { budgets } = this.policy.current;
    const usage = await UsageSums.read(
      store,
      charges.flatMap(({ windows }) => windows),
    );
    const booked = await readKeys(store, charges);
    const rows: unknown[][] = [];
    for (const charge of charges) {
      const [today] = charge.windows;
      const keys = keysOf(charge);
      charge.result.charged = !keys.some((id) => booked.has(id));
      const before = usage.of(today).costMicro;
      if (charge.result.charged) {
        for (const id of keys) booked.add(id);
        const { tokensUsed: tokens, costMicro } = charge.draft;
        for (const window of charge.windows) usage.add(window, { tokens, costMicro });
        rows.push(toRow(charge, this.clock.now()));
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
    { draft, result }: PendingCharge,
    beforeMicro: number,
    rules: BudgetRules,
  ): void {
    recordCharge(this.audit, ctx, draft, result);
    const { agent } = draft;
    if (!agent) return;
    const steps = stepsCrossed(beforeMicro, result.costMicroToday, agent.maxCostPerDayMicro, rules);
    for (const step of steps) recordStep(this.audit, ctx, agent, step, result);
  }
}

function fillIn({ draft, result }: PendingCharge, { tokens, costMicro }: Usage, rules: BudgetRules): void {
  const max = draft.agent?.maxCostPerDayMicro ?? null;
  result.tokensUsedToday = tokens;
  result.costMicroToday = costMicro;
  result.remainingMicro = max === null ? null : max - costMicro;
  result.status = statusOf(costMicro, max, rules);
}

function keysOf({ ctx, draft, result }: PendingCharge): string[] {
  const keys: string[] = [];
  if (draft.toolUseId !== null)
    keys.push(idempotencyKey('tool_use_id', result.account, ctx.principal.id, draft.toolUseId));
  if (draft.requestId !== null)
    keys.push(idempotencyKey('request_id', result.account, ctx.principal.id, draft.requestId));
  return keys;
}

function toRow({ ctx, draft, day, result }: PendingCharge, now: number): unknown[] {
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
    now,
  ];
}

/** The idempotency keys among those of `charges` that the ledger holds already. */
async function readKeys(store: StoreTransaction, charges: readonly PendingCharge[]): Promise<Set<string>> {
  const found = new Set<string>();
  for (const [column, member] of [
    ['tool_use_id', 'toolUseId'],
    ['request_id', 'requestId'],
  ] as const) {
    const keyed = charges.filter((charge) => charge.draft[member] !== null);
    if (keyed.length === 0) continue;
    const accounts = [...new Set(keyed.map((charge) => charge.result.account))];
    const ids = [...new Set(keyed.map((charge) => charge.draft[member]))];
    const rows = await store.query<KeyRow>(
      `SELECT account, principal_id, tool_use_id, request_id FROM budget_ledger
       WHERE account IN (${marks(accounts.length)}) AND ${column} IN (${marks(ids.length)})`,
      [...accounts, ...ids],
    );
    for (const row of rows)
      found.add(idempotencyKey(column, row.account, row.principal_id, row[column] ?? ''));
  }
  return found;
}
