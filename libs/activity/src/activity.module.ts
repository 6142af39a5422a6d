import { Module } from '@nestjs/common';
import { AgentDirectory, Clock, EventBus } from '#kernel';
import { Authenticator } from '#rbac';
import { ActivityController } from './activity.controller.js';
import { ActivityRepository } from './activity.repository.js';
import { ActivityService } from './activity.service.js';
import { STREAM_LIMITS } from './stream/stream-client.js';
import { StreamAdmission } from './stream/stream-admission.js';
import { StreamCommands } from './stream/stream-commands.js';
import { StreamController } from './stream/stream.controller.js';
import { StreamFeed } from './stream/stream-feed.js';
import { ShortPathStreamGateway, StreamGateway } from './stream/stream.gateway.js';
import { StreamHub } from './stream/stream-hub.js';
import { StreamLog } from './stream/stream-log.js';
import { StreamPages } from './stream/stream-pages.js';
import { StreamTickets } from './stream/stream-tickets.js';

/** What is happening: the recent past over HTTP, and the log as it grows. */
@Module({
  controllers: [ActivityController, StreamController],
  providers: [
    ActivityRepository,
    ActivityService,
    StreamLog,
    StreamFeed,
    {
      provide: StreamHub,
      inject: [EventBus, Authenticator, StreamFeed, AgentDirectory, Clock],
      useFactory: (...parts: HubParts) => new StreamHub(...parts, STREAM_LIMITS),
    },
    StreamAdmission,
    StreamCommands,
    StreamPages,
    StreamTickets,
    StreamGateway,
    ShortPathStreamGateway,
  ],
  exports: [StreamHub, StreamAdmission],
})
export class ActivityModule {}

type HubParts = [EventBus, Authenticator, StreamFeed, AgentDirectory, Clock];
