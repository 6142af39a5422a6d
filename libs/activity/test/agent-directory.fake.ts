import { AgentDirectory, type AgentRef } from '#kernel';

/** A registry of a few agents, by id, name and category. */
export function anAgentDirectory(known: readonly Partial<AgentRef>[] = []): AgentDirectory {
  return new (class extends AgentDirectory {
    resolve(reference: string): AgentRef | null {
      const agent = known.find(({ agentId, name }) => agentId === reference || name === reference);
      return (agent as AgentRef | undefined) ?? null;
    }

    categoryOf(agentId: string): string | null {
      return known.find((agent) => agent.agentId === agentId)?.category ?? null;
    }

    catchUp(): Promise<void> {
      return Promise.resolve();
    }

    count(): number {
      return known.length;
    }
  })();
}
