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
import { fromMicroUsd, newId } from '#kernel';
import { insertRows, marks, type StoreTransaction, storeOf } from '#persistence';
import { statusOf } from './budget-status.js';

/** The account of what names no registered agent; no agent can have this name. */
export const UNKNOWN_ACCOUNT = 'unknown';

/** A charge on its way to the ledger; the commit fills in the result. */
export interface PendingCharge {
  readonly ctx: TransactionContext;
  readonly draft: ChargeDraft;
  readonly day: BudgetDay;
  readonly result: ChargeResult;
}

interface Usage {
  tokens: number;
  costMicro: number;
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
  'source',
  'tokens_used',
  'cost_micro',
  'tool_name',
  'session_id',
  'tool_use_id',
  'request_id',
  'principal_id',
  'claimed_agent',
  'client_timestamp',
  'charged_at',
];

const usageKey = (account: string, day: string): string => `${day} ${account}`;
const idempotencyKey = (column: string, account: string, principal: string, id: string): string =>
  JSON.stringify([column, account, principal, id]);

/**
 * The writing end of the ledger. Under the writer's lock it reads the accounts and keys that a group's charges
 * name, books each charge that was not booked before, and records what became of it; a few statements a group.
 */
export class LedgerSink implements Sink<PendingCharge> {
  readonly name = 'budget_ledger';
  readonly order = 20;

  constructor(
    private readonly audit: AuditTrail,
    private readonly clock: Clock,
  ) {}

  async flush(tx: Transaction, charges: readonly PendingCharge[]): Promise<void> {
    const store = storeOf(tx);
    const usage = await readUsage(store, charges);
    const booked = await readKeys(store, charges);
    const rows: unknown[][] = [];
    const touched = new Map<string, unknown[]>();
    for (const charge of charges) {
      const { account } = charge.result;
      const key = usageKey(account, charge.day.date);
      const sums = usage.get(key) ?? { tokens: 0, costMicro: 0 };
      const keys = keysOf(charge);
      charge.result.charged = !keys.some((id) => booked.has(id));
      if (charge.result.charged) {
        for (const id of keys) booked.add(id);
        sums.tokens += charge.draft.tokensUsed;
        sums.costMicro += charge.draft.costMicro;
        usage.set(key, sums);
        touched.set(key, [account, charge.day.date, sums.tokens, sums.costMicro]);
        rows.push(toRow(charge, this.clock.now()));
      }
      fillIn(charge, sums);
      if (charge.result.charged) this.record(tx, charge);
    }
    if (rows.length === 0) return;
    await insertRows(store, 'budget_ledger', LEDGER_COLUMNS, rows);
    // The sums were read under the lock that this transaction still holds, so they can be set and not added.
    await insertRows(
      store,
      'budget_usage',
      ['account', 'day', 'tokens_used', 'cost_micro'],
      [...touched.values()],
      'ON CONFLICT (account, day) DO UPDATE SET tokens_used = excluded.tokens_used, cost_micro = excluded.cost_micro',
    );
  }

  private record(tx: Transaction, { ctx, draft, result }: PendingCharge): void {
    const { agent } = draft;
    this.audit.record(
      { ...ctx, tx },
      {
        agent: agent ?? { agentId: UNKNOWN_ACCOUNT, name: UNKNOWN_ACCOUNT, role: 'unknown' },
        operationType: 'budget.deduct',
        operationDetail: draft.toolName,
        targetResource: result.account,
        targetType: 'budget',
        decision: 'allowed',
        costMicro: draft.costMicro,
        tokensUsed: draft.tokensUsed,
        context: JSON.stringify({
          agent_id: result.account,
          agent_name: agent?.name ?? UNKNOWN_ACCOUNT,
          tokens_used_today: result.tokensUsedToday,
          cost_used_today: fromMicroUsd(result.costMicroToday),
          remaining_cost: result.remainingMicro === null ? null : fromMicroUsd(result.remainingMicro),
          status: result.status,
          source: draft.source,
          session_id: draft.sessionId ?? undefined,
          tool_use_id: draft.toolUseId ?? undefined,
          request_id: draft.requestId ?? undefined,
          claimed_agent: draft.claimedAgent ?? undefined,
        }),
        source: 'decided',
        outcome: 'success',
      },
    );
  }
}

function fillIn({ draft, result }: PendingCharge, sums: Usage): void {
  const max = draft.agent?.maxCostPerDayMicro ?? null;
  result.tokensUsedToday = sums.tokens;
  result.costMicroToday = sums.costMicro;
  result.remainingMicro = max === null ? null : max - sums.costMicro;
  result.status = statusOf(sums.costMicro, max);
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
    draft.source,
    draft.tokensUsed,
    draft.costMicro,
    draft.toolName,
    draft.sessionId,
    draft.toolUseId,
    draft.requestId,
    ctx.principal.id,
    draft.claimedAgent,
    draft.clientTimestamp,
    now,
  ];
}

async function readUsage(
  store: StoreTransaction,
  charges: readonly PendingCharge[],
): Promise<Map<string, Usage>> {
  const accounts = [...new Set(charges.map((charge) => charge.result.account))];
  const days = [...new Set(charges.map((charge) => charge.day.date))];
  const rows = await store.query<{ account: string; day: string; tokens_used: number; cost_micro: number }>(
    `SELECT account, day, tokens_used, cost_micro FROM budget_usage
     WHERE account IN (${marks(accounts.length)}) AND day IN (${marks(days.length)})`,
    [...accounts, ...days],
  );
  return new Map(
    rows.map((row) => [
      usageKey(row.account, row.day),
      { tokens: row.tokens_used, costMicro: row.cost_micro },
    ]),
  );
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
