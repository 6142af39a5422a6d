import { type ArgumentsHost, Catch, type ExceptionFilter, Injectable, Logger } from '@nestjs/common';
import type { Response } from 'express';
import { AccessDenials } from '#audit';
import type { ContextRequest } from '#contract';
import { AccessDenied, DomainError } from '#kernel';
import { toDomainError, toProblem } from './problem-details.js';

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
    const request = http.getRequest<ContextRequest>();
    const response = http.getResponse<Response>();
    const error = await this.recorded(toDomainError(thrown), request);
    this.log(error, request);
    if (response.headersSent) {
      response.destroy();
      return;
    }
    const { status, headers, body } = toProblem(error, request.originalUrl, request.context.traceId);
    response.status(status).set(headers).type('application/problem+json').send(JSON.stringify(body));
  }

  private async recorded(error: DomainError, request: ContextRequest): Promise<DomainError> {
    if (!(error instanceof AccessDenied)) return error;
    const target = request.originalUrl;
    const ctx = { ...request.context, route: request.context.route ?? `${request.method} ${request.path}` };
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
    else if (error.code === 'UNAUTHENTICATED' || error instanceof AccessDenied)
      this.logger.warn(line, error.message);
    else this.logger.debug(line, error.message);
  }
}
