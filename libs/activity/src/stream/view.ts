import type { Principal } from '#kernel';
import type { Authenticator } from '#rbac';
import type { StreamEvent } from './stream-event.js';

/** What a principal may see of the stream. Principals with the same view share frames. */
export interface View {
  /** The one agent whose entries are shown; null for all. */
  readonly agentId: string | null;
  /** Whether entries are shown that only readers of the audit trail see. */
  readonly audits: boolean;
}

export function viewOf(principal: Principal, authenticator: Pick<Authenticator, 'may'>): View {
  return { agentId: principal.agentId, audits: authenticator.may(principal, 'audit:read') };
}

export function isVisible({ event, permission }: StreamEvent, { agentId, audits }: View): boolean {
  return (agentId === null || event.agentId === agentId) && (audits || permission !== 'audit:read');
}
