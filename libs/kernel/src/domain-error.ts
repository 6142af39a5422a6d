/** Every refusal this service can state. The HTTP status of each stands in one table of the API application. */
export type ErrorCode =
  | 'INVALID_JSON'
  | 'BAD_REQUEST'
  | 'UNAUTHENTICATED'
  | 'FORBIDDEN'
  | 'NOT_OWN_AGENT'
  | 'RBAC_REQUIRED'
  | 'HUMAN_REQUIRED'
  | 'HOST_NOT_ALLOWED'
  | 'ORIGIN_NOT_ALLOWED'
  | 'NOT_FOUND'
  | 'POLICY_NOT_FOUND'
  | 'POLICY_INVALID'
  | 'APPROVAL_NOT_FOUND'
  | 'APPROVAL_DECIDED'
  | 'APPROVAL_CHANGED'
  | 'APPROVAL_PENDING'
  | 'APPROVER_NOT_ALLOWED'
  | 'AGENT_NOT_FOUND'
  | 'KEY_NOT_FOUND'
  | 'ENTRY_NOT_FOUND'
  | 'CHECKPOINT_NOT_FOUND'
  | 'HOLD_NOT_FOUND'
  | 'SINK_NOT_FOUND'
  | 'SINK_NAME_TAKEN'
  | 'SINK_HAS_NO_SECRET'
  | 'TOO_MANY_SINKS'
  | 'DEAD_LETTER_NOT_FOUND'
  | 'UNDER_HOLD'
  | 'VERIFICATION_NOT_FOUND'
  | 'SUBSCRIPTION_NOT_FOUND'
  | 'TOO_MANY_SUBSCRIPTIONS'
  | 'HISTORY_LOST'
  | 'RESERVATION_NOT_FOUND'
  | 'AGENT_NAME_TAKEN'
  | 'AGENT_ID_USED'
  | 'BUDGET_EXCEEDED'
  | 'RESERVATION_SETTLED'
  | 'SESSION_NOT_FOUND'
  | 'TOO_MANY_RESERVATIONS'
  | 'PRECONDITION_FAILED'
  | 'IDEMPOTENCY_KEY_IN_USE'
  | 'IDEMPOTENCY_KEY_REUSED'
  | 'ANSWER_NOT_REPEATED'
  | 'EVENT_ID_REUSED'
  | 'PAYLOAD_TOO_LARGE'
  | 'UNSUPPORTED_MEDIA_TYPE'
  | 'VALIDATION_FAILED'
  | 'TOO_MANY_REQUESTS'
  | 'LOG_CHANGED'
  | 'PROOF_NOT_READY'
  | 'INDEX_BEHIND'
  | 'STORE_UNAVAILABLE'
  | 'SHUTTING_DOWN'
  | 'INTERNAL';

/** One field that was refused; `path` is dotted, as the client sent it (`context.files[3]`). */
export interface FieldProblem {
  readonly path: string;
  readonly message: string;
}

/** A refusal with a stable code and one human sentence. Services throw these, never HTTP errors. */
export class DomainError extends Error {
  /** What else the refusal states, as members of the problem document (RFC 9457, section 3.2). */
  readonly members: Readonly<Record<string, unknown>> = {};
  /** Seconds after which the same call may succeed, where that can be said. */
  readonly retryAfterS?: number;

  constructor(
    readonly code: ErrorCode,
    detail: string,
    readonly problems: readonly FieldProblem[] = [],
    options?: ErrorOptions,
  ) {
    super(detail, options);
    this.name = new.target.name;
  }
}

/** The input breaks the contract; names every field that does. */
export class ValidationFailed extends DomainError {
  constructor(problems: readonly FieldProblem[]) {
    const [first] = problems;
    const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : '';
    super(
      'VALIDATION_FAILED',
      first ? `${first.path}: ${first.message}${more}` : 'The input is not valid.',
      problems,
    );
  }
}

/** A principal that may not do what it asked for. */
export class AccessDenied extends DomainError {
  constructor(
    detail: string,
    code: 'FORBIDDEN' | 'NOT_OWN_AGENT' | 'RBAC_REQUIRED' | 'HUMAN_REQUIRED' = 'FORBIDDEN',
  ) {
    super(code, detail);
  }
}

/** Credentials that were shown and do not hold. To show none is no attempt, and another error. */
export class LoginFailed extends DomainError {
  constructor(detail: string) {
    super('UNAUTHENTICATED', detail);
  }
}

/** Asked for too often; the same call may succeed after a pause. */
export class TooManyRequests extends DomainError {
  constructor(
    detail: string,
    override readonly retryAfterS: number,
  ) {
    super('TOO_MANY_REQUESTS', detail);
  }
}

/** A refusal that has left its entry in the log: what its unit of work wrote is kept. */
export abstract class RecordedRefusal extends DomainError {}

/** The store cannot serve now; the same call may succeed after a pause. */
export class StoreUnavailable extends DomainError {
  constructor(cause: unknown) {
    super('STORE_UNAVAILABLE', 'The store cannot be written or read at the moment; try again.', [], {
      cause,
    });
  }
}

/** No live agent has this name or id. */
export class AgentNotFound extends DomainError {
  constructor(reference: string) {
    super('AGENT_NOT_FOUND', `No agent is registered under ${JSON.stringify(reference.slice(0, 100))}.`);
  }
}

/** Entries that are asked for are gone, or belong to another log. */
export class HistoryLost extends DomainError {
  override readonly members: Readonly<Record<string, unknown>>;

  /** @param oldestSeq from where on all entries are there. */
  constructor(detail: string, oldestSeq: number) {
    super('HISTORY_LOST', detail);
    this.members = { oldest_seq: oldestSeq };
  }
}
