import { ApiProperty } from '@nestjs/swagger';
import { formatTime } from '#contract';
import { type ApiKeyEntity, KEY_STANDINGS, standingOf } from '../api-key.entity.js';
import type { CreatedApiKey } from '../api-keys.service.js';
import { KEY_KINDS } from '../new-api-key.js';

const time = (ms: number | null) => (ms === null ? null : formatTime(ms));

/** A key as lists show it: neither the key nor its hash. */
export class KeyResponse {
  @ApiProperty({ description: 'Its id.', format: 'uuid', example: '019ab0de-7c1f-7f5a-9d25-2f0c5d9f3a11' })
  key_id!: string;
  @ApiProperty({ description: 'What it is for.', example: 'ci' })
  name!: string;
  @ApiProperty({ description: 'Who holds it.', enum: KEY_KINDS, example: 'service' })
  kind!: string;
  @ApiProperty({ description: 'What its holder may do.', example: 'developer' })
  role!: string;
  @ApiProperty({
    description: 'The agent it is bound to; null: none.',
    type: String,
    nullable: true,
    example: null,
  })
  agent_id!: string | null;
  @ApiProperty({
    description: 'The person whose key it is; null: not said.',
    type: String,
    nullable: true,
    example: 'oidc:alice',
  })
  owner!: string | null;
  @ApiProperty({ description: 'How the key begins.', example: 'arm_Zk3vQ0aB' })
  prefix!: string;
  @ApiProperty({
    description: 'The networks it is valid from; null: any.',
    type: [String],
    nullable: true,
    example: ['10.0.0.0/8'],
  })
  networks!: string[] | null;
  @ApiProperty({
    description: 'When it was made.',
    format: 'date-time',
    example: '2026-01-05T10:00:00.000Z',
  })
  created_at!: string;
  @ApiProperty({ description: 'The principal that made it.', example: 'admin' })
  created_by!: string;
  @ApiProperty({
    description: 'When it ends; null: never.',
    type: String,
    format: 'date-time',
    nullable: true,
    example: '2027-01-05T10:00:00.000Z',
  })
  expires_at!: string | null;
  @ApiProperty({
    description: 'When it was revoked.',
    type: String,
    format: 'date-time',
    nullable: true,
    example: null,
  })
  revoked_at!: string | null;
  @ApiProperty({
    description: 'When it was used last, up to a minute late; null: not yet.',
    type: String,
    format: 'date-time',
    nullable: true,
    example: '2026-01-05T10:05:00.000Z',
  })
  last_used_at!: string | null;
  @ApiProperty({ description: 'Whether it opens the door.', enum: KEY_STANDINGS, example: 'in_force' })
  standing!: string;
}

/** A key just made. */
export class CreatedKeyResponse extends KeyResponse {
  @ApiProperty({
    description: 'The key itself. It is not stored and not shown again.',
    example: 'arm_Zk3vQ0aBExampleExampleExampleExampleExample01',
  })
  secret!: string;
}

/** @param now milliseconds UTC. */
export function toKeyResponse(key: ApiKeyEntity, now: number): KeyResponse {
  return {
    key_id: key.keyId,
    name: key.name,
    kind: key.kind,
    role: key.role,
    agent_id: key.agentId,
    owner: key.owner,
    prefix: key.prefix,
    networks: key.networks,
    created_at: formatTime(key.createdAt),
    created_by: key.createdBy,
    expires_at: time(key.expiresAt),
    revoked_at: time(key.revokedAt),
    last_used_at: time(key.lastUsedAt),
    standing: standingOf(key, now),
  };
}

export function toCreatedKeyResponse({ key, secret }: CreatedApiKey, now: number): CreatedKeyResponse {
  return { ...toKeyResponse(key, now), secret };
}
