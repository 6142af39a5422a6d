import { Injectable } from '@nestjs/common';
import type { TransactionContext } from '#kernel';
import { Reader, storeOf } from '#persistence';

const FIND_ROOT = 'SELECT root FROM session_roots WHERE session_key = ?';
const FIND_SECRET = 'SELECT secret FROM service_secrets WHERE name = ?';

@Injectable()
export class DecisionsRepository {
  constructor(private readonly reader: Reader) {}

  async findRoot(sessionKey: string): Promise<string | null> {
    const [row] = await this.reader.query<{ root: string }>(FIND_ROOT, [sessionKey]);
    return row?.root ?? null;
  }

  /** @returns the root that stands: `root`, or the one that was there before. */
  async settleRoot(ctx: TransactionContext, sessionKey: string, root: string, now: number): Promise<string> {
    const store = storeOf(ctx);
    await store.query(
      'INSERT INTO session_roots (session_key, root, created_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING',
      [sessionKey, root, now],
    );
    const [row] = await store.query<{ root: string }>(FIND_ROOT, [sessionKey]);
    return row?.root ?? root;
  }

  /** @returns the secret of this name: `fresh` where there was none. */
  async settleSecret(ctx: TransactionContext, name: string, fresh: string, now: number): Promise<string> {
    const store = storeOf(ctx);
    await store.query(
      'INSERT INTO service_secrets (name, secret, created_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING',
      [name, fresh, now],
    );
    const [row] = await store.query<{ secret: string }>(FIND_SECRET, [name]);
    return row?.secret ?? fresh;
  }
}
