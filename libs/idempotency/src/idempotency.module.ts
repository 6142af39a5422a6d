import { Global, Module } from '@nestjs/common';
import { ItemRecorder } from '#kernel';
import { AnswersRepository } from './answers.repository.js';
import { IdempotencyExpiry } from './expiry.js';
import { ExpiryRepository } from './expiry.repository.js';
import { IdempotentCalls } from './idempotent-calls.js';
import { ItemsRepository } from './items.repository.js';
import { SinkItemRecorder } from './sink-item-recorder.js';

/** What is carried out or recorded once, however often it is sent. */
@Global()
@Module({
  providers: [
    AnswersRepository,
    IdempotentCalls,
    ItemsRepository,
    { provide: ItemRecorder, useClass: SinkItemRecorder },
    ExpiryRepository,
    IdempotencyExpiry,
  ],
  exports: [IdempotentCalls, ItemRecorder],
})
export class IdempotencyModule {}
