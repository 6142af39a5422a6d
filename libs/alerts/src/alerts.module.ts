import { Module } from '@nestjs/common';
import { AlertDesk } from './alert-desk.js';
import { AlertFollower } from './alert-follower.js';
import { AlertsController } from './alerts.controller.js';
import { AlertsRaisedRepository } from './alerts-raised.repository.js';
import { AlertsRepository } from './alerts.repository.js';
import { AlertsService } from './alerts.service.js';
import { ApprovalsWatch } from './approvals-watch.js';
import { WatchedEntriesRepository } from './watched-entries.repository.js';

/** What somebody has to be told. The service alone judges: the command line has no part in it. */
@Module({
  controllers: [AlertsController],
  providers: [
    AlertsRepository,
    AlertsService,
    WatchedEntriesRepository,
    AlertsRaisedRepository,
    AlertDesk,
    AlertFollower,
    ApprovalsWatch,
  ],
})
export class AlertsModule {}
