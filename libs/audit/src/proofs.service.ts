import { Injectable } from '@nestjs/common';
import { DomainError } from '#kernel';
import { CheckpointsRepository } from './checkpoints/checkpoints.repository.js';
import { type SealedEntry, SealedEntriesRepository } from './checkpoints/sealed-entries.repository.js';
import { type InclusionProof, LogProofs } from './merkle/log-proofs.js';

/** Proves entries against what was signed. */
@Injectable()
export class ProofsService {
  constructor(
    private readonly entries: SealedEntriesRepository,
    private readonly checkpoints: CheckpointsRepository,
    private readonly proofs: LogProofs,
  ) {}

  /**
   * @param size of the tree; that of the newest checkpoint by default.
   * @throws DomainError for an unknown entry, or without a checkpoint; ValidationFailed for a size without the entry.
   */
  async inclusion(auditId: string, size?: number): Promise<[SealedEntry, InclusionProof]> {
    const entry = await this.find(auditId);
    const newest = size === undefined ? await this.checkpoints.findNewest() : null;
    if (size === undefined && (newest?.size ?? 0) < entry.event.seq) {
      throw new DomainError(
        'CHECKPOINT_NOT_FOUND',
        'No checkpoint holds this entry yet; name a size, or make one.',
      );
    }
    return [entry, await this.proofs.inclusion(entry.event.seq, size ?? newest?.size ?? 0)];
  }

  /** The entry, and its proof where a checkpoint holds it. @throws DomainError for an unknown entry. */
  async entry(auditId: string): Promise<[SealedEntry, InclusionProof | null]> {
    const entry = await this.find(auditId);
    const newest = await this.checkpoints.findNewest();
    if (!newest || newest.size < entry.event.seq) return [entry, null];
    return [entry, await this.proofs.inclusion(entry.event.seq, newest.size)];
  }

  private async find(auditId: string): Promise<SealedEntry> {
    const entry = await this.entries.find(auditId);
    if (entry) return entry;
    throw new DomainError('ENTRY_NOT_FOUND', `No entry has the id ${JSON.stringify(auditId.slice(0, 100))}.`);
  }
}
