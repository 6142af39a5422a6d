import { Global, Module } from '@nestjs/common';
import { ApprovalDesk } from '#kernel';
import { ApprovalWaits } from './approval-waits.js';
import { ApprovalsController } from './approvals.controller.js';
import { ApprovalsRepository } from './approvals.repository.js';
import { ApprovalsService } from './approvals.service.js';
import { StoredApprovalDesk } from './stored-approval-desk.js';

/** Approvals over HTTP, and the desk where decisions ask for them. */
@Global()
@Module({
  controllers: [ApprovalsController],
  providers: [
    ApprovalsRepository,
    ApprovalsService,
    ApprovalWaits,
    { provide: ApprovalDesk, useClass: StoredApprovalDesk },
  ],
  exports: [ApprovalDesk, ApprovalWaits],
})
export class ApprovalsModule {}
