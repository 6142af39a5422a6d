import { Injectable } from '@nestjs/common';
import { parseTime } from '#contract';
import { AgentDirectory, type OperationContext, toIndexedId } from '#kernel';
import { ownRows } from '#rbac';
import type { LedgerQuery } from './dto/ledger.query.js';
import { fromCursor } from './ledger-cursor.js';
import { type LedgerPage, LedgerRepository } from './ledger.repository.js';

const DEFAULT_LIMIT = 100;

/** Answers what was charged. */
@Injectable()
export class LedgerService {
  constructor(
    private readonly repository: LedgerRepository,
    private readonly agents: AgentDirectory,
  ) {}

  /** Newest first. An agent's key sees its own. @throws AccessDenied */
  list(ctx: OperationContext, query: LedgerQuery): Promise<LedgerPage> {
    const { agent_id: reference, session_id: session, source, from, to, cursor } = query;
    const account = ownRows(
      ctx.principal,
      reference === undefined ? undefined : this.agents.idFor(reference),
    );
    return this.repository.findNewest(
      {
        account,
        sessionId: toIndexedId(session ?? null),
        source,
        from: from ? parseTime(from) : null,
        to: to ? parseTime(to) : null,
      },
      query.limit ?? DEFAULT_LIMIT,
      cursor === undefined ? undefined : fromCursor(cursor),
    );
  }
}
