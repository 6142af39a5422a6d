import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { type ContextRequest } from '#contract';
import { AccessDenied } from '#kernel';
import { PERMISSION, PUBLIC } from './access.js';
import { Authenticator } from './authenticator.js';
import type { Permission } from './policy.js';

/** Who is it, and may it: decides and throws, writes nothing. A handler that states neither is nobody's. */
@Injectable()
export class RbacGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly authenticator: Authenticator,
  ) {}

  canActivate(host: ExecutionContext): boolean {
    const targets = [host.getHandler(), host.getClass()];
    if (this.reflector.getAllAndOverride<boolean | undefined>(PUBLIC, targets)) return true;
    const request = host.switchToHttp().getRequest<ContextRequest>();
    const permission = this.reflector.getAllAndOverride<Permission | undefined>(PERMISSION, targets);
    request.context = { ...request.context, principal: this.authenticator.authenticate(request.headers) };
    if (!permission) throw new AccessDenied('This route states no permission, so nobody may call it.');
    this.authenticator.authorize(request.context, permission);
    return true;
  }
}
