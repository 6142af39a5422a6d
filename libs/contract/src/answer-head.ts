import type { IncomingHttpHeaders } from 'node:http';

/** What an answer says beside its body, as a handler gives it: a `ServerResponse`, or what keeps it until one is written. */
export interface AnswerHead {
  readonly req: { readonly url?: string | undefined; readonly headers: IncomingHttpHeaders };
  statusCode: number;
  setHeader(name: string, value: string | number): unknown;
}
