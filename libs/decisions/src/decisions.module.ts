import { Global, Module } from '@nestjs/common';
import { ToolUseGate } from '#kernel';
import { CheckQuestions } from './check-questions.js';
import { ChecksController } from './checks.controller.js';
import { ChecksService } from './checks.service.js';
import { DecisionsRepository } from './decisions.repository.js';
import { PolicyController } from './policy.controller.js';
import { PolicyService } from './policy.service.js';
import { PolicyVersionsRepository } from './policy-versions.repository.js';
import { RbacViews } from './rbac-views.js';
import { RbacViewsController } from './rbac-views.controller.js';
import { RecentDecisions } from './recent-decisions.js';
import { RequestHash } from './request-hash.js';
import { RecordedDecisionsRepository } from './recorded-decisions.repository.js';
import { RecordedToolUseGate } from './recorded-tool-use-gate.js';
import { SessionRootCopies } from './session-root-copies.repository.js';
import { SessionRoots } from './session-roots.js';
import { SimulationController } from './simulation.controller.js';
import { SimulationService } from './simulation.service.js';

/** What erases the texts of sessions, for the service and for the command line. */
@Module({ providers: [SessionRootCopies] })
export class DecisionCopiesModule {}

/** Decisions over HTTP: checks, the policy that decides, and what it gives to whom. */
@Global()
@Module({
  imports: [DecisionCopiesModule],
  controllers: [ChecksController, PolicyController, RbacViewsController, SimulationController],
  providers: [
    CheckQuestions,
    ChecksService,
    DecisionsRepository,
    PolicyService,
    PolicyVersionsRepository,
    RbacViews,
    RecentDecisions,
    RequestHash,
    RecordedDecisionsRepository,
    SessionRoots,
    SimulationService,
    { provide: ToolUseGate, useClass: RecordedToolUseGate },
  ],
  exports: [PolicyService, ToolUseGate],
})
export class DecisionsModule {}
