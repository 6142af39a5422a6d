import { type ArgumentsHost, Catch, type ExceptionFilter, Injectable } from '@nestjs/common';
import type { Response } from 'express';
import { type ContextRequest, routeOf } from '#contract';
import { ErrorAnswers } from './error-answers.js';

/** Where whatever Nest's routes throw arrives. */
@Catch()
@Injectable()
export class ProblemDetailsFilter implements ExceptionFilter {
  constructor(private readonly errors: ErrorAnswers) {}

  catch(thrown: unknown, host: ArgumentsHost): Promise<void> {
    const http = host.switchToHttp();
    const request = http.getRequest<ContextRequest>();
    const { context, method, originalUrl: target } = request;
    const named = { ...context, route: context.route ?? routeOf(request) };
    const failed = { context: named, method, target, peer: request.socket.remoteAddress };
    return this.errors.answer(thrown, failed, http.getResponse<Response>());
  }
}
