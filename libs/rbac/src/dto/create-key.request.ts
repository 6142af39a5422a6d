import {
  EnumField,
  IntegerField,
  parseTime,
  TextField,
  TextListField,
  TimeField,
  UnknownFields,
} from '#contract';
import { type AgentDirectory, AgentNotFound, ValidationFailed } from '#kernel';
import { KEY_KINDS, KEY_NAME, KEY_OWNER, type NewApiKey } from '../new-api-key.js';
import { ROLE_NAMES } from '../policy.js';

const DAY_MS = 86_400_000;
const MAX_DAYS = 3_650;

@UnknownFields('reject')
export class CreateKeyRequest {
  @TextField({
    description: 'What the key is for.',
    example: 'ci',
    required: true,
    pattern: KEY_NAME,
    patternMessage: 'must be 1 to 64 printable ASCII characters',
  })
  name!: string;

  @EnumField(KEY_KINDS, { description: 'Who holds it.', example: 'service', required: true })
  kind!: NewApiKey['kind'];

  @EnumField(ROLE_NAMES, {
    description:
      "What its holder may do; a key of kind agent has an agent's few permissions whatever its role.",
    example: 'developer',
    required: true,
  })
  role!: string;

  @TextField({
    description: 'For kind agent, and for no other: the one agent it is bound to, by name or id.',
    example: 'coder',
  })
  agent_id?: string;

  @TextField({
    description:
      "The person whose key it is, not for kind agent: nobody approves their own request. `oidc:` and the subject for whoever logs in with tokens. Absent, for a person's key made by a person: that person.",
    example: 'oidc:alice',
    pattern: KEY_OWNER,
    patternMessage: 'must be 1 to 260 printable ASCII characters without blanks',
  })
  owner?: string;

  @TimeField({ description: 'When it ends; absent: never.', example: '2027-01-05T10:00:00.000Z' })
  expires_at?: string;

  @IntegerField({
    description: 'The same in days from now; at most one of the two.',
    example: 90,
    min: 1,
    max: MAX_DAYS,
  })
  expires_in_days?: number;

  @TextListField({
    description: 'The networks that it is valid from, in CIDR notation; none: any.',
    example: ['10.0.0.0/8'],
  })
  networks?: string[];
}

/** @throws ValidationFailed for an expiry that is past or stated twice; AgentNotFound. */
export function toNewKey(request: CreateKeyRequest, agents: AgentDirectory, now: number): NewApiKey {
  const { name, kind, role, agent_id: reference, owner = null, networks = [] } = request;
  const agent = reference === undefined ? null : agents.resolve(reference);
  if (reference !== undefined && !agent && kind === 'agent') throw new AgentNotFound(reference);
  const agentId = agent?.agentId ?? reference ?? null;
  return { name, kind, role, agentId, owner, networks, expiresAt: expiryOf(request, now) };
}

function expiryOf({ expires_at: at, expires_in_days: days }: CreateKeyRequest, now: number): number | null {
  if (at !== undefined && days !== undefined)
    throw new ValidationFailed([{ path: 'expires_in_days', message: 'must not stand beside expires_at' }]);
  if (days !== undefined) return now + days * DAY_MS;
  const expiresAt = at === undefined ? null : parseTime(at);
  if (expiresAt !== null && expiresAt <= now)
    throw new ValidationFailed([{ path: 'expires_at', message: 'must be a time to come' }]);
  return expiresAt;
}
