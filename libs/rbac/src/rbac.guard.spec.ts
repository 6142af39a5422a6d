import { describe, expect, it } from '@jest/globals';
import type { ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { AccessDenied, type Principal } from '#kernel';
import { Public, RequirePermission } from './access.js';
import { LOCAL_PRINCIPAL } from './authenticator.js';
import { RbacGuard } from './rbac.guard.js';

class Mixed {
  silent(): void {}
  @Public()
  open(): void {}
  @RequirePermission('agents:read')
  read(): void {}
}

@Public()
class OpenByDefault {
  open(): void {}
  @RequirePermission('agents:write')
  write(): void {}
}

@RequirePermission('audit:read')
class ClosedByDefault {
  read(): void {}
  @RequirePermission('agents:write')
  write(): void {}
}

/** What the guard asked of the authenticator for a handler, and what became of it. */
function pass(
  controller: abstract new () => object,
  handler: string,
  deliver: (known: Principal) => Principal | Promise<Principal> = (known) => known,
) {
  const asked: string[] = [];
  const authenticator = {
    authenticate: () => {
      asked.push('who');
      return deliver(LOCAL_PRINCIPAL);
    },
    authorize: (_ctx: unknown, permission: string) => void asked.push(permission),
  };
  const request = { headers: {}, socket: {}, context: { principal: null } };
  const host = {
    getHandler: () => (controller.prototype as Record<string, unknown>)[handler],
    getClass: () => controller,
    switchToHttp: () => ({ getRequest: () => request }),
  } as unknown as ExecutionContext;
  const guard = new RbacGuard(new Reflector(), authenticator as never);
  return { asked, admit: () => guard.canActivate(host), request };
}

describe('RbacGuard', () => {
  it('lets nobody call a handler that states nothing, and asks who it was', () => {
    const { asked, admit, request } = pass(Mixed, 'silent');
    expect(admit).toThrow(AccessDenied);
    expect(asked).toEqual(['who']);
    expect(request.context.principal).toBe(LOCAL_PRINCIPAL);
  });

  it('waits for who it is where that takes time, and then asks the same', async () => {
    const { asked, admit, request } = pass(Mixed, 'read', (known) => Promise.resolve(known));
    await expect(admit()).resolves.toBe(true);
    expect(asked).toEqual(['who', 'agents:read']);
    expect(request.context.principal).toBe(LOCAL_PRINCIPAL);
    await expect(pass(Mixed, 'silent', (known) => Promise.resolve(known)).admit()).rejects.toThrow(
      AccessDenied,
    );
  });

  it.each([
    ['a public handler', Mixed, 'open', []],
    ['a handler with a permission', Mixed, 'read', ['who', 'agents:read']],
    ['a handler of a public controller', OpenByDefault, 'open', []],
    ['a handler with a permission in a public controller', OpenByDefault, 'write', ['who', 'agents:write']],
    ['a handler of a controller with a permission', ClosedByDefault, 'read', ['who', 'audit:read']],
    ['a handler that asks for more than its controller', ClosedByDefault, 'write', ['who', 'agents:write']],
  ])('asks what it must for %s', (_what, controller, handler, expected) => {
    const { asked, admit } = pass(controller, handler);
    expect(admit()).toBe(true);
    expect(asked).toEqual(expected);
  });
});
