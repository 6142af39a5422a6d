import type { ServerResponse } from 'node:http';
import { Injectable, Logger } from '@nestjs/common';
import { AccessDenials, FailedLogins } from '#audit';
import {
  AccessDenied,
  BUILT_IN_REDACTION,
  type DomainError,
  LoginFailed,
  NO_REDACTION,
  type OperationContext,
  type Redactor,
} from '#kernel';
import { PolicyInForce } from '#rbac';
import {
  type ItemProblem,
  sendProblem,
  STATUS,
  toDomainError,
  toItemProblem,
  toProblem,
} from './problem-details.js';

/** The request that failed. */
export interface FailedRequest {
  readonly context: OperationContext;
  readonly method: string;
  /** The request target as it was sent. */
  readonly target: string;
  /** The address at the other end of the connection. */
  readonly peer: string | undefined;
}

/**
 * Answers every error as RFC 9457 problem details, and records denials and failed logins: this is where all of them
 * arrive, once each, those of the guard too. What cannot be recorded is answered 503, as if nothing had been decided.
 */
@Injectable()
export class ErrorAnswers {
  private readonly logger = new Logger('http');

  constructor(
    private readonly denials: AccessDenials,
    private readonly logins: FailedLogins,
    private readonly policy: PolicyInForce,
  ) {}

  /** Never rejects: nobody awaits it, and what it threw would end the process. */
  async answer(thrown: unknown, request: FailedRequest, response: ServerResponse): Promise<void> {
    try {
      const error = await this.recorded(toDomainError(thrown), request);
      this.log(error, request);
      if (response.headersSent) response.destroy();
      else sendProblem(response, toProblem(error, request.target, request.context.traceId, this.redactor));
    } catch (failure) {
      this.logger.error(failure, 'an error could not be answered');
      response.destroy();
    }
  }

  /**
   * What the errors of items of one call come to, recorded and logged as those of calls of their own would be; one
   * that many items share is logged once. Never rejects.
   */
  async ofItems(thrown: readonly unknown[], request: FailedRequest): Promise<ItemProblem[]> {
    const errors = new Map(thrown.map((each) => [each, toDomainError(each)]));
    try {
      const denied = [...errors.values()].filter((error) => error instanceof AccessDenied);
      const { context, target } = request;
      const denials = denied.map(({ code, message: reason }) => ({ code, reason, target }));
      if (denials.length > 0) await this.denials.record(context, ...denials);
    } catch (failure) {
      const unrecorded = toDomainError(failure);
      for (const [each, error] of errors) if (error instanceof AccessDenied) errors.set(each, unrecorded);
    }
    for (const error of new Set(errors.values())) this.log(error, request);
    return thrown.map((each) => toItemProblem(errors.get(each) ?? toDomainError(each), this.redactor));
  }

  private async recorded(error: DomainError, { context, target, peer }: FailedRequest): Promise<DomainError> {
    try {
      if (error instanceof LoginFailed) return await this.logins.count(context, error, { target, peer });
      if (!(error instanceof AccessDenied)) return error;
      await this.denials.record(context, { code: error.code, reason: error.message, target });
      return error;
    } catch (failure) {
      return toDomainError(failure);
    }
  }

  private get redactor(): Redactor {
    const { redactor } = this.policy.current;
    // What is stored as it comes is still not to be shown or logged.
    return redactor === NO_REDACTION ? BUILT_IN_REDACTION : redactor;
  }

  private log(error: DomainError, { context, method, target }: FailedRequest): void {
    const line = {
      trace_id: context.traceId,
      principal: context.principal.id,
      method,
      path: this.redactor.text(target.split('?', 1)[0] ?? ''),
      code: error.code,
    };
    const message = this.redactor.text(error.message);
    if (error.code === 'INTERNAL' || error.code === 'STORE_UNAVAILABLE')
      this.logger.error({ ...line, err: error.cause }, message);
    else if (STATUS[error.code] === 401 || STATUS[error.code] === 403) this.logger.warn(line, message);
    else this.logger.debug(line, message);
  }
}
