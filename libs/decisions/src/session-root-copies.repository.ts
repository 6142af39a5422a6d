import { Injectable } from '@nestjs/common';
import {
  type CopiesErased,
  CopyHolders,
  type EntryToErase,
  type RecordedEvent,
  type TextCopies,
  type TransactionContext,
} from '#kernel';
import { storeOf } from '#persistence';
import type { DecisionContext } from './decision-entry.js';
import { sessionKey } from './session-key.js';

type DecidedContext = DecisionContext & { readonly session_id: string };

/** How long before its entry a check may have settled the root of its session, ms. */
const BEFORE_ENTRY_MS = 60_000;
/** No absolute path, so that no path is in it: the session has to begin anew, and cannot choose another root. */
const ERASED = '(erased)';

/** What a session keeps of the texts of the check that began it: the working directory, its root since. */
@Injectable()
export class SessionRootCopies implements TextCopies {
  readonly what = 'session_roots';
  readonly order = 40;

  constructor(holders: CopyHolders) {
    holders.add(this);
  }

  async erase(ctx: TransactionContext, { event, decided }: EntryToErase): Promise<CopiesErased> {
    if (decided?.type !== 'rbac.check') return { rows: 0 };
    const { session_id: session, request } = decided.context as unknown as Partial<DecidedContext>;
    if (session === undefined || request === undefined || request.cwd !== request.root) return { rows: 0 };
    const rows = await storeOf(ctx).change(
      `UPDATE session_roots SET root = ?
       WHERE session_key IN (?, ?) AND created_at > ? AND created_at <= ? AND root <> ?`,
      [
        ERASED,
        ...ownersOf(event).map((owner) => sessionKey(owner, session)),
        event.recordedAt - BEFORE_ENTRY_MS,
        event.recordedAt,
        ERASED,
      ],
    );
    return { rows };
  }
}

/** An agent that is registered, and one that is not. */
function ownersOf({ agentId, agentName, principalId }: RecordedEvent): [string, string] {
  return [agentId, `${principalId} ${agentName}`];
}
