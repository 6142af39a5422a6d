import { Injectable } from '@nestjs/common';
import { type Page, type PageOf, pageOf, upperBound } from '#contract';
import { Reader, Where } from '#persistence';

const COLUMNS = [
  ...[
    'charge_id',
    'account',
    'role',
    'day',
    'source',
    'tokens_used',
    'cost_micro',
    'tool_name',
    'session_id',
  ],
  ...['tool_use_id', 'request_id', 'reservation_id', 'principal_id', 'claimed_agent', 'client_timestamp'],
  'charged_at',
].join(', ');

export interface LedgerRow {
  readonly charge_id: string;
  /** Milliseconds UTC. */
  readonly charged_at: number;
  readonly account: string;
  readonly role: string | null;
  readonly day: string;
  readonly source: string;
  readonly tokens_used: number;
  readonly cost_micro: number;
  readonly tool_name: string | null;
  readonly session_id: string | null;
  readonly tool_use_id: string | null;
  readonly request_id: string | null;
  readonly reservation_id: string | null;
  readonly principal_id: string;
  readonly claimed_agent: string | null;
  readonly client_timestamp: string | null;
}

export interface LedgerFilter {
  readonly account?: string | undefined;
  /** In the form that is indexed. */
  readonly sessionId?: string | null;
  readonly source?: string | undefined;
  /** Milliseconds UTC, as is `to`, which is out. */
  readonly from?: number | null;
  readonly to?: number | null;
}

/** Reads the ledger. Nothing here writes: charges come through the ledger's sink alone. */
@Injectable()
export class LedgerRepository {
  constructor(private readonly reader: Reader) {}

  /** Newest first, by time and then by id. */
  async findNewest(filter: LedgerFilter, { skip, limit, after }: Page): Promise<PageOf<LedgerRow>> {
    const where = new Where()
      .and('account = ?', filter.account)
      .and('session_id = ?', filter.sessionId)
      .and('source = ?', filter.source)
      .and('charged_at >= ?', filter.from)
      .andAll('(charged_at, charge_id) < (?, ?)', upperBound(filter.to, after));
    const rows = await this.reader.query<LedgerRow>(
      `SELECT ${COLUMNS} FROM budget_ledger ${where.sql} ORDER BY charged_at DESC, charge_id DESC LIMIT ? OFFSET ?`,
      [...where.parameters, limit + 1, skip],
    );
    return pageOf(rows, limit, ({ charged_at, charge_id }) => [charged_at, charge_id]);
  }
}
