import { applyDecorators, SetMetadata } from '@nestjs/common';
import { ApiSecurity } from '@nestjs/swagger';
import { ApiProblems } from '#contract';
import { AccessDenied, type OperationContext, type Principal } from '#kernel';
import type { Permission } from './policy.js';

export const PERMISSION = 'rbac:permission';
export const PUBLIC = 'rbac:public';

/** The route asks for `permission`. */
export function RequirePermission(permission: Permission): MethodDecorator & ClassDecorator {
  return applyDecorators(
    SetMetadata(PERMISSION, permission),
    ApiSecurity('bearer'),
    ApiSecurity('api_key'),
    ApiProblems(401, 403, 503),
  );
}

/** The route is for everyone, known or not. Says so, because silence means nobody. */
export function Public(): MethodDecorator & ClassDecorator {
  return SetMetadata(PUBLIC, true);
}

/**
 * The agent whose rows a principal may see: its own for one that is bound to an agent, else the one it asks for.
 * @returns undefined for all agents.
 * @throws AccessDenied `NOT_OWN_AGENT` when a bound principal asks for another agent's.
 */
export function ownRows(principal: Principal, agentId: string | undefined): string | undefined {
  if (principal.agentId === null) return agentId;
  if (agentId !== undefined && agentId !== principal.agentId) {
    throw new AccessDenied("An agent's key sees only its own rows.", 'NOT_OWN_AGENT');
  }
  return principal.agentId;
}

/** @throws AccessDenied `NOT_OWN_AGENT` when a bound principal acts for another agent. */
export function requireOwnAgent(ctx: OperationContext, agentId: string): void {
  if (ctx.principal.agentId !== null && ctx.principal.agentId !== agentId) {
    throw new AccessDenied("An agent's key acts only for its own agent.", 'NOT_OWN_AGENT');
  }
}
