import { Global, Module } from '@nestjs/common';
import { ItemRecorder } from '#kernel';
import { AnswerCopies } from './answer-copies.repository.js';
import { AnswersRepository } from './answers.repository.js';
import { IdempotencyExpiry } from './expiry.js';
import { ExpiryRepository } from './expiry.repository.js';
import { IdempotentCalls } from './idempotent-calls.js';
import { ItemsRepository } from './items.repository.js';
import { SinkItemRecorder } from './sink-item-recorder.js';

/** What erases the texts of kept answers, for the service and for the command line. */
@Module({ providers: [AnswerCopies] })
export class AnswerCopiesModule {}

/** What is carried out or recorded once, however often it is sent. */
@Global()
@Module({
  imports: [AnswerCopiesModule],
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
