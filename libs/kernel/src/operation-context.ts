import { newId } from './ids.js';
import type { Principal } from './principal.js';
import { SYSTEM_PRINCIPAL } from './principal.js';
import type { Transaction } from './transaction.js';

/**
 * What every service call gets first: who acts, under which trace, through which route, inside which
 * transaction. Immutable; a step that knows more derives a new one.
 */
export interface OperationContext {
  readonly traceId: string;
  readonly principal: Principal;
  /** `POST /api/v1/agents` for HTTP, `cli seed` for a command, null for the service itself. */
  readonly route: string | null;
  readonly tx?: Transaction;
}

/** The context of work that no request caused. */
export function systemContext(route: string | null = null): OperationContext {
  return { traceId: newId(), principal: SYSTEM_PRINCIPAL, route };
}
