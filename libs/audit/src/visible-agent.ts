import type { AgentDirectory, OperationContext } from '#kernel';
import { ownRows } from '#rbac';

/** The id of the one agent whose entries are asked for, undefined for all; an agent's key sees its own. */
export function visibleAgent(
  ctx: OperationContext,
  agents: AgentDirectory,
  reference: string | undefined,
): string | undefined {
  return ownRows(ctx.principal, reference === undefined ? undefined : agents.idFor(reference));
}
