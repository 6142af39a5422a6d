import { Module } from '@nestjs/common';
import { CheckpointsRepository } from '../checkpoints/checkpoints.repository.js';
import { LogVerifier } from './log-verifier.js';
import { VerificationRepository } from './verification.repository.js';

/** Verifies the log, for the service and for the command line. */
@Module({
  providers: [CheckpointsRepository, VerificationRepository, LogVerifier],
  exports: [LogVerifier],
})
export class VerificationModule {}
