import { Injectable } from '@nestjs/common';
import {
  type CopiesErased,
  CopyHolders,
  type EntryToErase,
  type RecordedEvent,
  type TextCopies,
  type TransactionContext,
} from '#kernel';
import { storeOf, type StoreTransaction } from '#persistence';
import { sessionOf } from './accounts.js';

/** A charge is booked within the unit of work of its entry, ms. */
const BEFORE_ENTRY_MS = 3_600_000;
/** The entry names no charge. Where several are alike, each entry takes the newest that was booked before it. */
const FIND = `SELECT charge_id, account, session_id, tokens_used, cost_micro FROM budget_ledger
  WHERE account = ? AND charged_at > ? AND charged_at <= ? AND principal_id = ? AND source = ?
    AND tokens_used = ? AND cost_micro = ? AND tool_name IS NOT DISTINCT FROM ? AND session_id IS NOT DISTINCT FROM ?
    AND tool_use_id IS NOT DISTINCT FROM ? AND request_id IS NOT DISTINCT FROM ?
    AND claimed_agent IS NOT DISTINCT FROM ?
  ORDER BY charged_at DESC, charge_id DESC LIMIT 1`;
const ERASE = `UPDATE budget_ledger SET tool_name = NULL, session_id = NULL, tool_use_id = NULL, request_id = NULL,
  claimed_agent = NULL, client_timestamp = NULL WHERE charge_id = ?`;

interface ChargeRow {
  readonly charge_id: string;
  readonly account: string;
  readonly session_id: string | null;
  readonly tokens_used: number;
  readonly cost_micro: number;
}

/** What the ledger keeps of the texts of a charge's entry. Amounts stay where they are booked, but for the session's sum. */
@Injectable()
export class ChargeCopies implements TextCopies {
  readonly what = 'charges';
  readonly order = 20;

  constructor(holders: CopyHolders) {
    holders.add(this);
  }

  async erase(ctx: TransactionContext, { event, decided }: EntryToErase): Promise<CopiesErased> {
    if (decided?.type !== 'budget.deduct') return { rows: 0 };
    const store = storeOf(ctx);
    const [charge] = await store.query<ChargeRow>(FIND, factsOf(event, decided.context));
    if (!charge) return { rows: 0 };
    await takeFromSession(store, charge);
    return { rows: await store.change(ERASE, [charge.charge_id]) };
  }
}

function factsOf(event: RecordedEvent, context: Readonly<Record<string, unknown>>): unknown[] {
  const { recordedAt, principalId, tokensUsed, costMicro, operationDetail } = event;
  const named = ['session_id', 'tool_use_id', 'request_id', 'claimed_agent'].map(
    (name) => context[name] ?? null,
  );
  return [
    ...[context['agent_id'], recordedAt - BEFORE_ENTRY_MS, recordedAt, principalId, context['source']],
    ...[tokensUsed, costMicro, operationDetail, ...named],
  ];
}

/** The sum is that of the charges that name the session; it goes, and the name with it, when none is left. */
async function takeFromSession(store: StoreTransaction, charge: ChargeRow): Promise<void> {
  const session = sessionOf(charge.account, charge.session_id);
  if (!session) return;
  const row = [session.account, session.window];
  await store.query(
    'UPDATE budget_usage SET tokens_used = tokens_used - ?, cost_micro = cost_micro - ? WHERE account = ? AND day = ?',
    [charge.tokens_used, charge.cost_micro, ...row],
  );
  await store.query(
    'DELETE FROM budget_usage WHERE account = ? AND day = ? AND tokens_used <= 0 AND cost_micro <= 0',
    row,
  );
}
