import { Module } from '@nestjs/common';
import { EventBus } from '#kernel';
import { Authenticator } from '#rbac';
import { ActivityController } from './activity.controller.js';
import { ActivityGateway, ShortPathActivityGateway } from './activity.gateway.js';
import { ActivityRepository } from './activity.repository.js';
import { ActivityService } from './activity.service.js';
import { StreamDocumentsController } from './documents/stream-documents.controller.js';
import { StreamAdmission } from './stream-admission.js';
import { StreamHub } from './stream-hub.js';
import { StreamTickets } from './stream-tickets.js';

/** What is happening: the recent past over HTTP, the present over a socket. */
@Module({
  controllers: [ActivityController, StreamDocumentsController],
  providers: [
    ActivityRepository,
    ActivityService,
    {
      provide: StreamHub,
      inject: [EventBus, Authenticator],
      useFactory: (events: EventBus, authenticator: Authenticator) => new StreamHub(events, authenticator),
    },
    StreamAdmission,
    StreamTickets,
    ActivityGateway,
    ShortPathActivityGateway,
  ],
  exports: [StreamHub, StreamAdmission],
})
export class ActivityModule {}
