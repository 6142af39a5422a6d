import { Injectable } from '@nestjs/common';
import { Reader, Where } from '#persistence';
import type { LedgerPlace } from './ledger-cursor.js';

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

/** Newer than any charge. */
const BEFORE_ALL: LedgerPlace = { charged_at: Number.MAX_SAFE_INTEGER, charge_id: '' };

export interface LedgerRow extends LedgerPlace {
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

export interface LedgerPage {
  readonly rows: LedgerRow[];
  readonly isLast: boolean;
}

/** Reads the ledger. Nothing here writes: charges come through the ledger's sink alone. */
@Injectable()
export class LedgerRepository {
  constructor(private readonly reader: Reader) {}

  /** Newest first, from behind the place `after`. */
  async findNewest(filter: LedgerFilter, limit: number, after = BEFORE_ALL): Promise<LedgerPage> {
    const where = new Where()
      .and('account = ?', filter.account)
      .and('session_id = ?', filter.sessionId)
      .and('source = ?', filter.source)
      .and('charged_at >= ?', filter.from)
      .and('charged_at < ?', filter.to);
    const rows = await this.reader.query<LedgerRow>(
      `SELECT ${COLUMNS} FROM budget_ledger ${where.sql} ${where.sql ? 'AND' : 'WHERE'} (charged_at, charge_id) < (?, ?)
       ORDER BY charged_at DESC, charge_id DESC LIMIT ?`,
      [...where.parameters, after.charged_at, after.charge_id, limit + 1],
    );
    return { rows: rows.slice(0, limit), isLast: rows.length <= limit };
  }
}
