import { type ArgumentsHost, Catch, type ExceptionFilter, Injectable, Logger } from '@nestjs/common';
import type { Response } from 'express';
import { AccessDenials } from '#audit';
import { type ContextRequest, routeOf } from '#contract';
import { AccessDenied, DomainError } from '#kernel';
import { sendProblem, STATUS, toDomainError, toProblem } from './problem-details.js';

/**
 * Answers every error as RFC 9457 problem details, and records denials: this is where all of them arrive, those
 * of the guard too. A denial that cannot be recorded is answered 503, as if nothing had been decided.
 */
@Catch()
@Injectable()
export class ProblemDetailsFilter implements ExceptionFilter {
  private readonly logger = new Logger('http');

  constructor(private readonly denials: AccessDenials) {}

  async catch(thrown: unknown, host: ArgumentsHost): Promise<void> {
    const http = host.switchToHttp();
    const response = http.getResponse<Response>();
    try {
      await this.answer(thrown, http.getRequest<ContextRequest>(), response);
    } catch (failure) {
      // Nobody awaits this filter: what it throws would end the process.
      this.logger.error(failure, 'an error could not be answered');
      response.destroy();
    }
  }

  private async answer(thrown: unknown, request: ContextRequest, response: Response): Promise<void> {
    const error = await this.recorded(toDomainError(thrown), request);
    this.log(error, request);
    if (response.headersSent) response.destroy();
    else sendProblem(response, toProblem(error, request.originalUrl, request.context.traceId));
  }

  private async recorded(error: DomainError, request: ContextRequest): Promise<DomainError> {
    if (!(error instanceof AccessDenied)) return error;
    const target = request.originalUrl;
    const ctx = { ...request.context, route: request.context.route ?? routeOf(request) };
    try {
      await this.denials.record(ctx, { code: error.code, reason: error.message, target });
      return error;
    } catch (failure) {
      return toDomainError(failure);
    }
  }

  private log(error: DomainError, request: ContextRequest): void {
    const { traceId, principal } = request.context;
    const line = {
      trace_id: traceId,
      principal: principal.id,
      method: request.method,
      path: request.path,
      code: error.code,
    };
    if (error.code === 'INTERNAL' || error.code === 'STORE_UNAVAILABLE')
      this.logger.error({ ...line, err: error.cause }, error.message);
    else if (STATUS[error.code] === 401 || STATUS[error.code] === 403) this.logger.warn(line, error.message);
    else this.logger.debug(line, error.message);
  }
}
