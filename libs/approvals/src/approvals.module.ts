import { Global, Module } from '@nestjs/common';
import { ApprovalDesk, ApprovalQueue } from '#kernel';
import { ApprovalCopies } from './approval-copies.repository.js';
import { ApprovalWaits } from './approval-waits.js';
import { ApprovalsController } from './approvals.controller.js';
import { ApprovalsRepository } from './approvals.repository.js';
import { ApprovalsService } from './approvals.service.js';
import { StoredApprovalDesk } from './stored-approval-desk.js';
import { StoredApprovalQueue } from './stored-approval-queue.js';

/** What erases the texts of approvals, for the service and for the command line. */
@Module({ providers: [ApprovalCopies] })
export class ApprovalCopiesModule {}

/** Approvals over HTTP, and the desk where decisions ask for them. */
@Global()
@Module({
  imports: [ApprovalCopiesModule],
  controllers: [ApprovalsController],
  providers: [
    ApprovalsRepository,
    ApprovalsService,
    ApprovalWaits,
    { provide: ApprovalDesk, useClass: StoredApprovalDesk },
    { provide: ApprovalQueue, useClass: StoredApprovalQueue },
  ],
  exports: [ApprovalDesk, ApprovalQueue, ApprovalWaits],
})
export class ApprovalsModule {}
