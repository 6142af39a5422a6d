import { ApiProperty } from '@nestjs/swagger';
import { formatTime } from '#contract';
import type { Checkpointer } from '../checkpoints/checkpointer.js';
import type { Checkpoint } from '../checkpoints/checkpoints.repository.js';
import type { SealedEntry } from '../checkpoints/sealed-entries.repository.js';
import { keyHashOf } from '../checkpoints/signed-note.js';
import type { ConsistencyProof, InclusionProof } from '../merkle/log-proofs.js';
import { AuditEntryResponse, toAuditEntryResponse } from './audit-entry.response.js';

const HASH = 'XbncZ5pwZZqdtVbcB9qTQL9iOdJ0xLYKz+4J7+RGBDI=';
const hash = (description: string) => ({ description: `${description}, SHA-256, base64.`, example: HASH });
const HASHES = {
  description: 'The hashes of the proof in the order of RFC 9162, base64.',
  example: [HASH],
  type: [String] as [StringConstructor],
};
const size = (description: string) => ({ description, example: 2048, type: 'integer' as const, minimum: 0 });
const ORIGIN = 'agent-reality-map/5b0f7d2c9a1e4f3388d6c1b2a7e0f954';
const NOTE = `${ORIGIN}\n2048\n${HASH}\n\n\u2014 ${ORIGIN} q83vEjRWeJA=\n`;

export class CheckpointResponse {
  @ApiProperty({ description: 'Its place among the checkpoints, from 1.', example: 7 })
  number!: number;
  @ApiProperty({ description: 'Which log it is about.', example: ORIGIN })
  origin!: string;
  @ApiProperty(size('How many entries the log held.'))
  size!: number;
  @ApiProperty(hash('The root of the Merkle tree over them'))
  root!: string;
  @ApiProperty({
    description: 'When it was made, ISO 8601 UTC.',
    format: 'date-time',
    example: '2026-01-05T10:00:00.000Z',
  })
  issued_at!: string;
  @ApiProperty({ description: 'The signed note (C2SP tlog-checkpoint).', example: NOTE })
  note!: string;
}

export class InclusionProofResponse {
  @ApiProperty({ description: 'The entry.', example: '019ab0de-7c1f-7f5a-9d25-2f0c5d9f3a11' })
  audit_id!: string;
  @ApiProperty(size('Its place in the tree, from 0.'))
  leaf_index!: number;
  @ApiProperty(size('How many entries the tree holds.'))
  tree_size!: number;
  @ApiProperty(hash('The leaf of the entry'))
  leaf_hash!: string;
  @ApiProperty(HASHES)
  hashes!: readonly string[];
  @ApiProperty(hash('The root of the tree'))
  root!: string;
}

export class ConsistencyProofResponse {
  @ApiProperty(size('How many entries the older tree holds.'))
  from!: number;
  @ApiProperty(size('How many entries the newer tree holds.'))
  to!: number;
  @ApiProperty(hash('The root of the older tree'))
  from_root!: string;
  @ApiProperty(hash('The root of the newer tree'))
  to_root!: string;
  @ApiProperty(HASHES)
  hashes!: readonly string[];
}

export class EntryTextResponse {
  @ApiProperty({ description: '32 random bytes, base64.', example: HASH })
  salt!: string;
  @ApiProperty({
    description:
      'The free texts and the context: the exact text whose UTF-8 is hashed behind 0x02 and the salt.',
    example: '{"detail":"Write: src/app.ts"}',
  })
  body!: string;
}

export class ProvedEntryResponse {
  @ApiProperty({ description: 'The entry.', type: AuditEntryResponse })
  entry!: AuditEntryResponse;
  @ApiProperty({
    description: 'The exact bytes of its leaf, base64.',
    example: 'eyJhZ2VudF9pZCI6ImNvZGVyIn0=',
  })
  leaf!: string;
  @ApiProperty({
    description: 'What `text_hash` in the leaf stands for; null once it is erased.',
    type: EntryTextResponse,
    nullable: true,
  })
  text!: EntryTextResponse | null;
  @ApiProperty(size('Its place in the tree, from 0.'))
  leaf_index!: number;
  @ApiProperty(hash('The leaf of the entry'))
  leaf_hash!: string;
  @ApiProperty({
    description:
      'That it is in the tree of the newest checkpoint that can hold it; null before there is one.',
    type: InclusionProofResponse,
    nullable: true,
  })
  proof!: InclusionProofResponse | null;
}

export class OldPublicKeyResponse {
  @ApiProperty({ description: 'How signatures name it, base64.', example: 'q83vEg==' })
  key_hash!: string;
  @ApiProperty({ description: 'The raw 32 bytes, base64.', example: HASH })
  public_key!: string;
  @ApiProperty({
    description: 'When it first signed, ISO 8601 UTC.',
    format: 'date-time',
    example: '2026-01-05T10:00:00.000Z',
  })
  first_used_at!: string;
}

export class PublicKeyResponse {
  @ApiProperty({ description: 'RFC 8032.', enum: ['ed25519'], example: 'ed25519' })
  algorithm!: 'ed25519';
  @ApiProperty({ description: 'Which log it signs.', example: ORIGIN })
  origin!: string;
  @ApiProperty({ description: 'The name in its signatures.', example: ORIGIN })
  key_name!: string;
  @ApiProperty({ description: 'How signatures name it, base64.', example: 'q83vEg==' })
  key_hash!: string;
  @ApiProperty({ description: 'The raw 32 bytes, base64.', example: HASH })
  public_key!: string;
  @ApiProperty({
    description: 'All keys that have signed this log, oldest first.',
    type: [OldPublicKeyResponse],
  })
  used!: OldPublicKeyResponse[];
}

export function toCheckpointResponse({ issuedAt, ...checkpoint }: Checkpoint): CheckpointResponse {
  const { number, origin, size, root, note } = checkpoint;
  return { number, origin, size, root, issued_at: formatTime(issuedAt), note };
}

export function toInclusionProofResponse(
  { event, leafHash }: SealedEntry,
  { leafIndex, treeSize, hashes, root }: InclusionProof,
): InclusionProofResponse {
  return {
    ...{ audit_id: event.auditId, leaf_index: leafIndex, tree_size: treeSize },
    ...{ leaf_hash: leafHash, hashes, root },
  };
}

export function toConsistencyProofResponse(proof: ConsistencyProof): ConsistencyProofResponse {
  const { from, to, fromRoot, toRoot, hashes } = proof;
  return { from, to, from_root: fromRoot, to_root: toRoot, hashes };
}

/** An entry and what its leaf is made from, without a proof. */
export function toSealedEntryResponse(entry: SealedEntry): Omit<ProvedEntryResponse, 'proof'> {
  const { event, leaf, text, leafHash } = entry;
  return {
    entry: toAuditEntryResponse(event),
    leaf: Buffer.from(leaf).toString('base64'),
    text,
    leaf_index: event.seq - 1,
    leaf_hash: leafHash,
  };
}

export function toProvedEntryResponse(entry: SealedEntry, proof: InclusionProof | null): ProvedEntryResponse {
  return { ...toSealedEntryResponse(entry), proof: proof && toInclusionProofResponse(entry, proof) };
}

type Signers = Awaited<ReturnType<Checkpointer['signedBy']>>;

export function toPublicKeyResponse({ origin, key, used }: Signers): PublicKeyResponse {
  const hashed = (publicKey: Buffer) => keyHashOf({ name: origin, publicKey }).toString('base64');
  return {
    algorithm: 'ed25519',
    origin,
    key_name: origin,
    key_hash: hashed(key.publicKey),
    public_key: key.publicKey.toString('base64'),
    used: used.map(({ publicKey, firstUsedAt }) => ({
      key_hash: hashed(Buffer.from(publicKey, 'base64')),
      public_key: publicKey,
      first_used_at: formatTime(firstUsedAt),
    })),
  };
}
