import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { type ContextRequest } from '#contract';
import { AccessDenied, type Principal } from '#kernel';
import { demandOf } from './access.js';
import { Authenticator } from './authenticator.js';
import type { Permission } from './policy.js';

/** Who is it, and may it: decides and throws, writes nothing. A handler that states neither is nobody's. */
@Injectable()
export class RbacGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly authenticator: Authenticator,
  ) {}

  canActivate(host: ExecutionContext): boolean | Promise<boolean> {
    const demand = demandOf(this.reflector, host);
    if (demand === 'public') return true;
    const request = host.switchToHttp().getRequest<ContextRequest>();
    const principal = this.authenticator.authenticate(request.headers, request.socket.remoteAddress);
    // A key is known at once: only a token that is new here is waited for.
    if (principal instanceof Promise) return principal.then((known) => this.admit(request, known, demand));
    return this.admit(request, principal, demand);
  }

  private admit(request: ContextRequest, principal: Principal, demand: Permission | undefined): boolean {
    request.context = { ...request.context, principal };
    if (!demand) throw new AccessDenied('This route states no permission, so nobody may call it.');
    this.authenticator.authorize(request.context, demand);
    return true;
  }
}
