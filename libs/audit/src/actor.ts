import type { EventDraft, Principal } from '#kernel';

/** The agent of an entry that is about what a principal did and not about an agent. */
export function actorOf(principal: Principal): EventDraft['agent'] {
  return {
    agentId: principal.agentId ?? 'system',
    name: principal.agentId ?? 'system',
    role: principal.role,
  };
}
