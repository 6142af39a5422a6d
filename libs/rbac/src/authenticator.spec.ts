import { describe, expect, it } from '@jest/globals';
import { AccessDenied, type Principal, type PrincipalKind } from '#kernel';
import { Authenticator } from './authenticator.js';
import { ACCOUNTABLE, PERMISSIONS } from './policy.js';

/** A policy that gives everything to everyone. */
const GENEROUS = { current: { roleAllows: () => true, agentKeyAllows: () => true } };

const authenticator = new Authenticator(
  { rbacEnabled: true, adminApiKey: null },
  GENEROUS as never,
  {} as never,
  {} as never,
  {} as never,
);
const who = (kind: PrincipalKind, agentId: string | null = null): Principal => ({
  id: 'x',
  kind,
  role: 'admin',
  agentId,
});

describe('permissions that someone must answer for', () => {
  it.each([...ACCOUNTABLE])(
    '%s is held by humans and services alone, whatever the policy says',
    (permission) => {
      for (const kind of ['human', 'service'] as const) {
        expect(authenticator.may(who(kind), permission)).toBe(true);
        expect(authenticator.may(who(kind, 'bound'), permission)).toBe(false);
      }
      expect(authenticator.may(who('agent', 'bound'), permission)).toBe(false);
      expect(authenticator.may(who('anonymous'), permission)).toBe(false);
    },
  );

  it.each([...ACCOUNTABLE])('%s is refused with what it takes while RBAC is off', (permission) => {
    const codeFor = (kind: PrincipalKind) => {
      try {
        authenticator.authorize({ principal: who(kind, kind === 'agent' ? 'bound' : null) }, permission);
        return null;
      } catch (error) {
        return error instanceof AccessDenied ? error.code : error;
      }
    };
    expect([codeFor('anonymous'), codeFor('agent'), codeFor('human')]).toEqual([
      'RBAC_REQUIRED',
      'FORBIDDEN',
      null,
    ]);
  });

  it('are the only ones that the local principal lacks', () => {
    const lacks = PERMISSIONS.filter((permission) => !authenticator.may(who('anonymous'), permission));
    expect(lacks.sort()).toEqual([...ACCOUNTABLE].sort());
  });
});
