import { createHash } from 'node:crypto';
import { ValidationFailed } from '#kernel';
import { isNetwork } from './networks.js';
import { ROLE_NAMES } from './policy.js';

export const KEY_KINDS = ['human', 'service', 'agent'] as const;

/** 1 to 64 printable ASCII characters: names stand in lists on terminals. */
export const KEY_NAME = /^[\x20-\x7e]{1,64}$/;

/** 1 to 260 printable ASCII characters without blanks, as subjects of OpenID providers are. */
export const KEY_OWNER = /^[\x21-\x7e]{1,260}$/;

/** What a key is made of that somebody chooses. */
export interface NewApiKey {
  readonly name: string;
  readonly kind: (typeof KEY_KINDS)[number];
  readonly role: string;
  /** Required for kind `agent`, absent for the others. */
  readonly agentId?: string | null;
  /** The person whose key it is; `oidc:` and the subject for whoever also logs in with tokens. Not for kind `agent`. */
  readonly owner?: string | null;
  /** Milliseconds UTC. */
  readonly expiresAt?: number | null;
  /** The networks that it may come from, in CIDR notation; none or absent for any. */
  readonly networks?: readonly string[] | null;
}

/** The SHA-256 under which a key is stored. The keys are 256 random bits, so no slow hash is called for. */
export function hashKey(secret: string): string {
  return createHash('sha256').update(secret).digest('base64');
}

/** @throws ValidationFailed for an unknown role, kind or network, or a kind and agent that do not fit. */
export function checkNewKey({ name, kind, role, agentId, owner = null, networks }: NewApiKey): void {
  const problems = [];
  if (!KEY_NAME.test(name))
    problems.push({ path: 'name', message: 'must be 1 to 64 printable ASCII characters' });
  if (!KEY_KINDS.includes(kind))
    problems.push({ path: 'kind', message: `must be one of ${KEY_KINDS.join(', ')}` });
  if (!(ROLE_NAMES as readonly string[]).includes(role)) {
    problems.push({ path: 'role', message: `must be one of ${ROLE_NAMES.join(', ')}` });
  }
  if ((kind === 'agent') !== (typeof agentId === 'string')) {
    problems.push({ path: 'agent_id', message: 'must be given for a key of kind agent, and for no other' });
  }
  if (owner !== null && !KEY_OWNER.test(owner))
    problems.push({ path: 'owner', message: 'must be 1 to 260 printable ASCII characters without blanks' });
  if (owner !== null && kind === 'agent')
    problems.push({ path: 'owner', message: 'must not be given for a key of kind agent' });
  for (const network of networks ?? []) {
    if (isNetwork(network)) continue;
    const message = `must be in CIDR notation, such as 10.0.0.0/8 or 2001:db8::/32: ${JSON.stringify(network)} is not`;
    problems.push({ path: 'networks', message });
  }
  if (problems.length > 0) throw new ValidationFailed(problems);
}
