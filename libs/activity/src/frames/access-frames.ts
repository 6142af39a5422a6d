import { formatTime } from '#contract';
import type { OperationType, RecordedEvent } from '#kernel';
import { contextOf, type FrameForm } from './frame-form.js';
import { AGENT_ID, AGENT_NAME, AUDIT_ID, PRINCIPAL, principalOf } from './members.js';
import { listOf, objectOf, orNull, text, time, uuid } from './schema.js';

const ACCESS = {
  audit_id: AUDIT_ID,
  agent_id: AGENT_ID,
  agent_name: AGENT_NAME,
  principal: PRINCIPAL,
  route: orNull(text('The route that was asked.')),
  target: orNull(text('What was asked for, such as a path with its query.')),
};
const REFUSAL = {
  code: orNull(text('The stable code of the refusal.')),
  reason: orNull(text('Why, in a sentence.')),
};
const KEY = {
  audit_id: AUDIT_ID,
  key_id: orNull(uuid('The key.')),
  name: orNull(text('Its name.')),
  kind: orNull(text('`human`, `service` or `agent`.')),
  role: orNull(text('The role it acts in.')),
  agent_id: orNull(text('The agent that it is bound to.')),
  owner: orNull(text('Whose it is.')),
  expires_at: orNull(time('When it ends; null for never.')),
  networks: orNull(
    listOf(text('A network, in CIDR notation.'), 'Where it may come from; null for anywhere.'),
  ),
  principal: PRINCIPAL,
};

/** Who came in, who did not, and what decides about that. For those who may read the audit trail. */
export const ACCESS_FRAMES = {
  'access.denied': {
    type: 'access_denied',
    permission: 'audit:read',
    description: 'A call was refused.',
    schema: objectOf({ ...ACCESS, ...REFUSAL }),
    data: (event) => JSON.stringify({ ...accessOf(event), ...refusalOf(event) }),
  },
  'access.unauthenticated': {
    type: 'login_failed',
    permission: 'audit:read',
    description: 'Somebody came without credentials that hold.',
    schema: objectOf({ ...ACCESS, ...REFUSAL, address: orNull(text('Where it came from.')) }),
    data: (event) => {
      const { address = null } = contextOf(event);
      return JSON.stringify({ ...accessOf(event), ...refusalOf(event), address });
    },
  },
  'access.read': {
    type: 'access_read',
    permission: 'audit:read',
    description: 'Something was read; with `AUDIT_READS` alone.',
    schema: objectOf(ACCESS),
    data: (event) => JSON.stringify(accessOf(event)),
  },
  'key.create': {
    type: 'key_created',
    permission: 'audit:read',
    description: 'A key was made.',
    schema: objectOf(KEY),
    data: (event) => JSON.stringify(keyOf(event)),
  },
  'key.rotate': {
    type: 'key_rotated',
    permission: 'audit:read',
    description: 'A key was replaced by another.',
    schema: objectOf({
      ...KEY,
      replaced_by: orNull(uuid('The key that replaces it.')),
      ends_at: orNull(time('When the old one ends.')),
    }),
    data: (event) => {
      const { replaced_by = null, ends_at } = contextOf(event);
      return JSON.stringify({ ...keyOf(event), replaced_by, ends_at: timeOrNull(ends_at) });
    },
  },
  'key.revoke': {
    type: 'key_revoked',
    permission: 'audit:read',
    description: 'A key was ended.',
    schema: objectOf(KEY),
    data: (event) => JSON.stringify(keyOf(event)),
  },
  'policy.load': {
    type: 'policy_changed',
    permission: 'audit:read',
    description: 'A policy is in force, at the start or instead of another.',
    schema: objectOf({
      audit_id: AUDIT_ID,
      version: orNull(text('Its version: SHA-256 of the document, hex.')),
      previous: orNull(text('The version before; null where it is the same.')),
      principal: PRINCIPAL,
    }),
    data: (event) => {
      const { version = null, previous = null } = contextOf(event);
      return JSON.stringify({ audit_id: event.auditId, version, previous, principal: principalOf(event) });
    },
  },
} satisfies Partial<Record<OperationType, FrameForm>>;

function accessOf(event: RecordedEvent): Record<string, unknown> {
  return {
    audit_id: event.auditId,
    agent_id: event.agentId,
    agent_name: event.agentName,
    principal: principalOf(event),
    route: event.route,
    target: event.targetResource,
  };
}

function refusalOf(event: RecordedEvent): Record<string, unknown> {
  const { code = null } = contextOf(event);
  return { code, reason: event.rbacReason };
}

function keyOf(event: RecordedEvent): Record<string, unknown> {
  const {
    kind = null,
    role = null,
    agent_id = null,
    owner = null,
    networks = null,
    expires_at,
  } = contextOf(event);
  return {
    audit_id: event.auditId,
    key_id: event.targetResource,
    name: event.operationDetail,
    kind,
    role,
    agent_id,
    owner,
    expires_at: timeOrNull(expires_at),
    networks,
    principal: principalOf(event),
  };
}

/** Keys' entries hold their times as numbers. */
function timeOrNull(value: unknown): string | null {
  return typeof value === 'number' ? formatTime(value) : null;
}
