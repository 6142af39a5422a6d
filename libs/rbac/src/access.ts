import { applyDecorators, type ExecutionContext, SetMetadata } from '@nestjs/common';
import type { Reflector } from '@nestjs/core';
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
    ApiProblems(401, 403, 429, 503),
  );
}

/** The route is for everyone, known or not. Says so, because silence means nobody. */
export function Public(): MethodDecorator & ClassDecorator {
  return applyDecorators(SetMetadata(PUBLIC, true), ApiProblems(403));
}

/**
 * What the route being called asks for; undefined where it states nothing. A permission, wherever it stands, wins
 * over `@Public`: a public controller may have a handler that is not.
 */
export function demandOf(reflector: Reflector, host: ExecutionContext): Permission | 'public' | undefined {
  const targets = [host.getHandler(), host.getClass()];
  const permission = reflector.getAllAndOverride<Permission | undefined>(PERMISSION, targets);
  if (permission) return permission;
  return reflector.getAllAndOverride<boolean | undefined>(PUBLIC, targets) ? 'public' : undefined;
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
