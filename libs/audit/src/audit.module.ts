import { Global, Module } from '@nestjs/common';
import { AuditTrail, CopyHolders } from '#kernel';
import { AccessDenials } from './access-denials.js';
import { AccessReads } from './access-reads.js';
import { AuditController } from './audit.controller.js';
import { AuditRepository } from './audit.repository.js';
import { AuditService } from './audit.service.js';
import { AuditCountsRepository } from './counts/audit-counts.repository.js';
import { CheckpointsRepository } from './checkpoints/checkpoints.repository.js';
import { Checkpointer } from './checkpoints/checkpointer.js';
import { CheckpointSchedule } from './checkpoints/checkpoint-schedule.js';
import { SealedEntriesRepository } from './checkpoints/sealed-entries.repository.js';
import { CountsFollower } from './counts/counts-follower.js';
import { ErasureController } from './erasure/erasure.controller.js';
import { ErasureRepository } from './erasure/erasure.repository.js';
import { ErasureUpkeep } from './erasure/erasure-upkeep.js';
import { Overwriting } from './erasure/overwriting.js';
import { SearchCopies } from './erasure/search-copies.js';
import { TextErasure } from './erasure/text-erasure.js';
import { EntryPages } from './export/entry-pages.js';
import { ExportsController } from './export/exports.controller.js';
import { ExportsService } from './export/exports.service.js';
import { FailedLogins } from './failed-logins.js';
import { LogAuditTrail } from './log/audit-trail.js';
import { FollowedLog } from './log/followed-log.js';
import { LogTail } from './log/log-tail.js';
import { LogProofs } from './merkle/log-proofs.js';
import { SegmentSealer } from './merkle/segment-sealer.js';
import { SegmentsRepository } from './merkle/segments.repository.js';
import { ProofsController } from './proofs.controller.js';
import { ProofsService } from './proofs.service.js';
import { AuditRetention } from './retention/audit-retention.js';
import { HoldCopies } from './retention/hold-copies.repository.js';
import { HoldsController } from './retention/holds.controller.js';
import { HoldsRepository } from './retention/holds.repository.js';
import { HoldsService } from './retention/holds.service.js';
import { RetentionUpkeep } from './retention/retention-upkeep.js';
import { RetentionRepository } from './retention/retention.repository.js';
import { SinksModule } from './sinks/sinks.module.js';
import { AuditTextRepository } from './text/audit-text.repository.js';
import { TextFollower } from './text/text-follower.js';
import { VerificationController } from './verification.controller.js';
import { VerificationModule } from './verify/verification.module.js';
import { VerificationService } from './verify/verification.service.js';

/** The writer's side of the log; every module that changes something needs it, the CLI too. */
@Global()
@Module({
  providers: [
    AuditRepository,
    LogTail,
    AccessDenials,
    AccessReads,
    FailedLogins,
    CopyHolders,
    { provide: AuditTrail, useClass: LogAuditTrail },
  ],
  exports: [AuditTrail, AuditRepository, LogTail, AccessDenials, AccessReads, FailedLogins, CopyHolders],
})
export class AuditTrailModule {}

/** What lets old entries go. */
@Module({
  providers: [AuditCountsRepository, RetentionRepository, AuditRetention],
  exports: [AuditCountsRepository, AuditRetention],
})
export class AuditRetentionModule {}

/** What erases texts of the log; holders of copies add themselves, wherever they are. */
@Module({
  providers: [AuditTextRepository, ErasureRepository, SearchCopies, HoldCopies, TextErasure, Overwriting],
  exports: [AuditTextRepository, TextErasure, Overwriting],
})
export class AuditErasureModule {}

/** What proves the log: its tree, and what was signed of it. */
@Module({
  providers: [
    SegmentsRepository,
    SegmentSealer,
    LogProofs,
    CheckpointsRepository,
    Checkpointer,
    SealedEntriesRepository,
    ProofsService,
  ],
  exports: [LogProofs, Checkpointer, SealedEntriesRepository, ProofsService],
})
export class AuditProofsModule {}

/** The log as what follows it reads it. */
@Module({ providers: [FollowedLog], exports: [FollowedLog] })
export class FollowedLogModule {}

/** The log over HTTP, and what follows it. */
@Module({
  imports: [
    FollowedLogModule,
    AuditProofsModule,
    AuditRetentionModule,
    AuditErasureModule,
    VerificationModule,
    SinksModule,
  ],
  controllers: [
    AuditController,
    ProofsController,
    VerificationController,
    HoldsController,
    ErasureController,
    ExportsController,
  ],
  providers: [
    AuditService,
    CountsFollower,
    TextFollower,
    CheckpointSchedule,
    EntryPages,
    ExportsService,
    HoldsRepository,
    HoldsService,
    RetentionUpkeep,
    ErasureUpkeep,
    VerificationService,
  ],
})
export class AuditModule {}
