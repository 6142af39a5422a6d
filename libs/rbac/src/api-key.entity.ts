import { Column, Entity, PrimaryColumn } from 'typeorm';
import { jsonText } from '#persistence';

/** A key as stored: its SHA-256, never the key. */
@Entity('api_keys')
export class ApiKeyEntity {
  @PrimaryColumn('text', { name: 'key_id' })
  keyId!: string;

  @Column('text')
  name!: string;

  @Column('text')
  kind!: 'human' | 'service' | 'agent';

  @Column('text')
  role!: string;

  @Column('text', { name: 'agent_id', nullable: true })
  agentId!: string | null;

  /** The person whose key it is, under one name for all of that person's keys; null where nobody said. */
  @Column('text', { nullable: true })
  owner!: string | null;

  /** Base64 of SHA-256 of the key's text. */
  @Column('text')
  hash!: string;

  /** The first characters of the key, to tell keys apart in lists. */
  @Column('text')
  prefix!: string;

  /** The networks that the key may come from, in CIDR notation; null for any. */
  @Column('text', { nullable: true, transformer: jsonText })
  networks!: string[] | null;

  @Column('bigint', { name: 'created_at' })
  createdAt!: number;

  @Column('text', { name: 'created_by' })
  createdBy!: string;

  @Column('bigint', { name: 'expires_at', nullable: true })
  expiresAt!: number | null;

  @Column('bigint', { name: 'revoked_at', nullable: true })
  revokedAt!: number | null;

  @Column('bigint', { name: 'last_used_at', nullable: true })
  lastUsedAt!: number | null;
}

export const KEY_STANDINGS = ['in_force', 'expired', 'revoked'] as const;

/** @param now milliseconds UTC. */
export function standingOf(key: ApiKeyEntity, now: number): (typeof KEY_STANDINGS)[number] {
  if (key.revokedAt !== null) return 'revoked';
  return key.expiresAt !== null && key.expiresAt <= now ? 'expired' : 'in_force';
}
