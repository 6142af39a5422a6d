import { LogVerifier, VerificationRepository, type VerificationReport } from '#audit';
import { CheckpointsRepository } from '../../libs/audit/src/checkpoints/checkpoints.repository.js';
import { OpenedStore } from './opened-store.js';
import type { TestStore } from './store.js';

/** Verifies the log of a store that no service has open. */
export async function verifyLog(store: TestStore): Promise<VerificationReport> {
  const opened = await OpenedStore.open(store);
  try {
    const repository = new VerificationRepository(opened.reader);
    const verifier = new LogVerifier(repository, new CheckpointsRepository(opened.reader));
    return await verifier.verify({ pace: { page: 1_000, signatures: 100, readsAhead: true } });
  } finally {
    await opened.close();
  }
}
