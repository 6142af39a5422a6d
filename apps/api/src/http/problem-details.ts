import { type ServerResponse, STATUS_CODES } from 'node:http';
import { HttpException } from '@nestjs/common';
import { BUILT_IN_REDACTION, DomainError, type ErrorCode, type FieldProblem, type Redactor } from '#kernel';

/** Which status each refusal is answered with. */
export const STATUS: Readonly<Record<ErrorCode, number>> = {
  INVALID_JSON: 400,
  BAD_REQUEST: 400,
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  NOT_OWN_AGENT: 403,
  RBAC_REQUIRED: 403,
  HUMAN_REQUIRED: 403,
  HOST_NOT_ALLOWED: 403,
  ORIGIN_NOT_ALLOWED: 403,
  NOT_FOUND: 404,
  POLICY_NOT_FOUND: 404,
  POLICY_INVALID: 422,
  APPROVAL_NOT_FOUND: 404,
  APPROVAL_DECIDED: 409,
  APPROVAL_CHANGED: 409,
  APPROVAL_PENDING: 409,
  APPROVER_NOT_ALLOWED: 403,
  AGENT_NOT_FOUND: 404,
  KEY_NOT_FOUND: 404,
  ENTRY_NOT_FOUND: 404,
  CHECKPOINT_NOT_FOUND: 404,
  HOLD_NOT_FOUND: 404,
  SINK_NOT_FOUND: 404,
  SINK_NAME_TAKEN: 409,
  SINK_HAS_NO_SECRET: 409,
  TOO_MANY_SINKS: 409,
  DEAD_LETTER_NOT_FOUND: 404,
  UNDER_HOLD: 409,
  VERIFICATION_NOT_FOUND: 404,
  SUBSCRIPTION_NOT_FOUND: 404,
  TOO_MANY_SUBSCRIPTIONS: 409,
  HISTORY_LOST: 410,
  RESERVATION_NOT_FOUND: 404,
  SESSION_NOT_FOUND: 404,
  AGENT_NAME_TAKEN: 409,
  AGENT_ID_USED: 409,
  BUDGET_EXCEEDED: 409,
  RESERVATION_SETTLED: 409,
  TOO_MANY_RESERVATIONS: 409,
  PRECONDITION_FAILED: 412,
  IDEMPOTENCY_KEY_IN_USE: 409,
  IDEMPOTENCY_KEY_REUSED: 422,
  ANSWER_NOT_REPEATED: 409,
  EVENT_ID_REUSED: 422,
  PAYLOAD_TOO_LARGE: 413,
  UNSUPPORTED_MEDIA_TYPE: 415,
  VALIDATION_FAILED: 422,
  TOO_MANY_REQUESTS: 429,
  LOG_CHANGED: 409,
  PROOF_NOT_READY: 503,
  INDEX_BEHIND: 503,
  STORE_UNAVAILABLE: 503,
  SHUTTING_DOWN: 503,
  INTERNAL: 500,
};

const RETRY_AFTER_SECONDS = '1';

/** A problem as it is sent: status, headers beside the content type, and the body of RFC 9457. */
export interface Problem {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: {
    readonly type: string;
    readonly title: string;
    readonly status: number;
    readonly detail: string;
    readonly instance: string;
    readonly code: ErrorCode;
    readonly errors: readonly FieldProblem[];
    readonly trace_id: string;
  };
}

/** The refusal that an error amounts to; what nobody foresaw is `INTERNAL` and says nothing of its cause. */
export function toDomainError(error: unknown): DomainError {
  if (error instanceof DomainError) return error;
  const status = statusOf(error);
  if (status === 404 || isUndecodable(error))
    return new DomainError('NOT_FOUND', 'There is nothing at this path.');
  if (status === 400) return new DomainError('BAD_REQUEST', 'The request is malformed.');
  if (status === 503) return new DomainError('STORE_UNAVAILABLE', 'The service is not ready; try again.');
  return new DomainError('INTERNAL', 'Something went wrong here; the log has it under the trace id.', [], {
    cause: error,
  });
}

/** @param redactor takes out what was sent and must not be shown again. */
export function toProblem(
  error: DomainError,
  instance: string,
  traceId: string,
  redactor: Redactor = BUILT_IN_REDACTION,
): Problem {
  const status = STATUS[error.code];
  return {
    status,
    headers: {
      ...(status === 401 ? { 'WWW-Authenticate': 'Bearer realm="agent-reality-map"' } : {}),
      ...(status === 503 ? { 'Retry-After': RETRY_AFTER_SECONDS } : {}),
      ...(error.retryAfterS === undefined ? {} : { 'Retry-After': String(error.retryAfterS) }),
    },
    body: {
      ...error.members,
      type: 'about:blank',
      title: STATUS_CODES[status] ?? 'Error',
      status,
      detail: redactor.text(error.message),
      instance: redactor.text(instance),
      code: error.code,
      errors: withoutSecrets(error.problems, redactor),
      trace_id: traceId,
    },
  };
}

/** What is left of a problem where the request's own part of it is known: that of one item among many. */
export interface ItemProblem {
  readonly status: number;
  readonly error: Pick<Problem['body'], 'code' | 'detail' | 'errors'>;
}

export function toItemProblem(
  { code, message, problems }: DomainError,
  redactor: Redactor = BUILT_IN_REDACTION,
): ItemProblem {
  const detail = redactor.text(message);
  return { status: STATUS[code], error: { code, detail, errors: withoutSecrets(problems, redactor) } };
}

function withoutSecrets(problems: readonly FieldProblem[], redactor: Redactor): readonly FieldProblem[] {
  return problems.map(({ path, message }) => ({
    path: redactor.text(path),
    message: redactor.text(message),
  }));
}

export function sendProblem(response: ServerResponse, { status, headers, body }: Problem): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    ...headers,
    'Content-Type': 'application/problem+json; charset=utf-8',
    'Content-Length': Buffer.byteLength(text),
  });
  response.end(text);
}

/** A path whose percent-encoding is broken names nothing that can exist. */
function isUndecodable(error: unknown): boolean {
  return (
    error instanceof URIError ||
    (error instanceof Error && error.message.startsWith('Failed to decode param'))
  );
}

function statusOf(error: unknown): number | undefined {
  if (error instanceof HttpException) return error.getStatus();
  const { status } = (error ?? {}) as { status?: unknown };
  return typeof status === 'number' ? status : undefined;
}
