import { Module } from '@nestjs/common';
import { DeadLettersController } from './dead-letters.controller.js';
import { DeadLettersRepository } from './dead-letters.repository.js';
import { SinkActionsController } from './sink-actions.controller.js';
import { SinkDelivery } from './sink-delivery.js';
import { SinkDispatcher } from './sink-dispatcher.js';
import { SinkProgress } from './sink-progress.js';
import { SinkSecrets } from './sink-secrets.js';
import { SinkSender } from './sink-sender.js';
import { SinkSource } from './sink-source.js';
import { SinkSourceRepository } from './sink-source.repository.js';
import { SinksController } from './sinks.controller.js';
import { SinksRepository } from './sinks.repository.js';
import { SinksService } from './sinks.service.js';

/** Delivery of the log to others. The service alone delivers: the command line has no part in it. */
@Module({
  controllers: [SinksController, SinkActionsController, DeadLettersController],
  providers: [
    SinksRepository,
    DeadLettersRepository,
    SinkSourceRepository,
    SinkSource,
    SinkSecrets,
    SinkSender,
    SinkProgress,
    SinkDelivery,
    SinkDispatcher,
    SinksService,
  ],
})
export class SinksModule {}
