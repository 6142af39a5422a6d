/** How the bearer of an operation came to be known. `anonymous` is the one principal of loopback mode. */
export type PrincipalKind = 'anonymous' | 'human' | 'service' | 'agent' | 'system';

/** Who acts. `agentId` is set for a key that is bound to one agent; such a principal sees and does only its own. */
export interface Principal {
  readonly id: string;
  readonly kind: PrincipalKind;
  readonly role: string;
  readonly agentId: string | null;
  /** The person behind it, where that is known: the same for all of a person's keys and tokens. */
  readonly owner?: string | null;
}

/** Whoever is not known yet, with no rights. */
export const NOBODY: Principal = { id: 'nobody', kind: 'anonymous', role: 'none', agentId: null };

/** The service itself: first-start seeding and other work that nobody asked for over a wire. */
export const SYSTEM_PRINCIPAL: Principal = { id: 'system', kind: 'system', role: 'admin', agentId: null };
