import { Global, Module } from '@nestjs/common';
import { BatchCalls } from '#contract';
import { ErrorAnswers } from '../error-answers.js';
import { HttpBatchCalls } from './http-batch-calls.js';

/** What the features' routes of batches answer through. */
@Global()
@Module({
  providers: [ErrorAnswers, { provide: BatchCalls, useClass: HttpBatchCalls }],
  exports: [ErrorAnswers, BatchCalls],
})
export class BatchModule {}
