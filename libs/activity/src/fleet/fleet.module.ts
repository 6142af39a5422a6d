import { Module } from '@nestjs/common';
import { FollowedLogModule } from '#audit';
import { FleetController } from './fleet.controller.js';
import { FleetFollower } from './fleet-follower.js';
import { FleetReadModel } from './fleet.read-model.js';
import { FleetService } from './fleet.service.js';
import { FleetStateRepository } from './fleet-state.repository.js';
import { FleetSweepRepository } from './fleet-sweep.repository.js';
import { IdleRepository } from './idle.repository.js';
import { IdleWatch } from './idle-watch.js';
import { SessionCopies } from './session-copies.repository.js';
import { TimelineRepository } from './timeline.repository.js';

/** What the fleet keeps of texts, for whoever erases them. */
@Module({ providers: [SessionCopies] })
export class SessionCopiesModule {}

/** Which agents are active, and what happens in sessions. */
@Module({
  imports: [FollowedLogModule, SessionCopiesModule],
  controllers: [FleetController],
  providers: [
    FleetStateRepository,
    FleetSweepRepository,
    FleetFollower,
    IdleRepository,
    IdleWatch,
    FleetReadModel,
    TimelineRepository,
    FleetService,
  ],
})
export class FleetModule {}
