import { Injectable } from '@nestjs/common';
import type { OperationContext, TransactionContext } from '#kernel';
import { Reader, storeOf } from '#persistence';

/** Under what an answer is kept. */
export interface AnswerPlace {
  readonly principal: string;
  readonly route: string;
  readonly key: string;
}

/** What a call was answered. */
export interface StoredAnswer {
  /** Of the request. */
  readonly fingerprint: string;
  readonly status: number;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  /** JSON text; null for an answer that holds a secret, or texts that were erased. */
  readonly body: string | null;
}

type AnswerRow = Omit<StoredAnswer, 'headers'> & { readonly headers: string };

@Injectable()
export class AnswersRepository {
  constructor(private readonly reader: Reader) {}

  /** @param since ms; older ones count as absent. */
  async find(
    ctx: OperationContext,
    { principal, route, key }: AnswerPlace,
    since: number,
  ): Promise<StoredAnswer | null> {
    const [row] = await this.reader.within(ctx).query<AnswerRow>(
      `SELECT fingerprint, status, headers, body FROM idempotency_keys
       WHERE principal = ? AND route = ? AND idempotency_key = ? AND created_at > ?`,
      [principal, route, key, since],
    );
    return row ? { ...row, headers: JSON.parse(row.headers) as Record<string, string> } : null;
  }

  /** In the place of one that counts as absent, too. @param at ms. */
  async put(
    ctx: TransactionContext,
    { principal, route, key }: AnswerPlace,
    { fingerprint, status, headers, body }: StoredAnswer,
    at: number,
  ): Promise<void> {
    await storeOf(ctx).query(
      `INSERT INTO idempotency_keys
         (principal, route, idempotency_key, fingerprint, status, headers, body, created_at)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (principal, route, idempotency_key) DO UPDATE SET fingerprint = excluded.fingerprint,
         status = excluded.status, headers = excluded.headers, body = excluded.body, created_at = excluded.created_at`,
      [principal, route, key, fingerprint, status, JSON.stringify(headers), body, at],
    );
  }
}
