import { Injectable } from '@nestjs/common';
import { type PageOf, parseTime } from '#contract';
import { AgentDirectory, type OperationContext, toIndexedId } from '#kernel';
import { ownRows } from '#rbac';
import type { LedgerQuery } from './dto/ledger.query.js';
import { LedgerRepository, type LedgerRow } from './ledger.repository.js';

/** Answers what was charged. */
@Injectable()
export class LedgerService {
  constructor(
    private readonly repository: LedgerRepository,
    private readonly agents: AgentDirectory,
  ) {}

  /** Newest first. An agent's key sees its own. @throws AccessDenied */
  list(ctx: OperationContext, query: LedgerQuery): Promise<PageOf<LedgerRow>> {
    const { agent_id: reference, session_id: session, source, from, to } = query;
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
      query.page(),
    );
  }
}
