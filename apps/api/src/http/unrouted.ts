import type { Request, Response } from 'express';
import type { ContextRequest } from '#contract';
import { DomainError } from '#kernel';
import { sendProblem, toProblem } from './problem-details.js';

/** The last to be asked: outside the API's prefix Nest answers no path that it does not know. */
export function answerUnrouted(request: Request, response: Response): void {
  const error = new DomainError('NOT_FOUND', 'There is nothing at this path.');
  const { traceId } = (request as ContextRequest).context;
  sendProblem(response, toProblem(error, request.originalUrl, traceId));
}
