import type { AgentDirectory, EventDraft, Principal } from '#kernel';

/** The agent of an entry that is about what a principal did: the one that it is bound to, else none. */
export function actorOf({ agentId, role }: Principal, agents: AgentDirectory): EventDraft['agent'] {
  if (agentId === null) return { agentId: 'system', name: 'system', role };
  return agents.resolve(agentId) ?? { agentId, name: agentId, role };
}
