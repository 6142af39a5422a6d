import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { newId } from '#kernel';
import { isStreaming } from './batch/streamed-body.js';
import { BARE_SECURITY_HEADERS } from './security-headers.js';

const REFUSALS: Readonly<Record<string, [status: number, title: string, detail: string]>> = {
  HPE_HEADER_OVERFLOW: [
    431,
    'Request Header Fields Too Large',
    'The headers are larger than this service takes.',
  ],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'Request Timeout', 'The request did not arrive in time.'],
};
const MALFORMED: [number, string, string] = [400, 'Bad Request', 'The request is not HTTP.'];

/**
 * Answers what Node would answer itself, in the same form as everything else: what is not HTTP at all reaches no
 * middleware, and what merely lacks a Host or expects too much is let through to the door.
 */
export function answerClientErrors(server: Server): void {
  // Node has no type for it, and its own answer has no body.
  (server as Server & { requireHostHeader: boolean }).requireHostHeader = false;
  // RFC 9110, section 10.1.1: an expectation other than 100-continue may be left aside.
  server.on('checkExpectation', (request: IncomingMessage, response: ServerResponse) =>
    server.emit('request', request, response),
  );
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    // A body that is read as a stream has a bound of its own, and its answer may have begun.
    if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT' && isStreaming(socket)) return;
    if (error.code === 'ECONNRESET' || !socket.writable || isStreaming(socket)) {
      socket.destroy();
      return;
    }
    const [status, title, detail] = REFUSALS[error.code ?? ''] ?? MALFORMED;
    const problem = {
      type: 'about:blank',
      title,
      status,
      detail,
      instance: '',
      code: 'BAD_REQUEST',
      errors: [],
      trace_id: newId(),
    };
    const body = JSON.stringify(problem);
    const headers = Object.entries({
      ...BARE_SECURITY_HEADERS,
      'X-Request-Id': problem.trace_id,
      'Content-Type': 'application/problem+json; charset=utf-8',
      'Content-Length': Buffer.byteLength(body),
      Connection: 'close',
    }).map(([name, value]) => `${name}: ${value}\r\n`);
    socket.end(`HTTP/1.1 ${status} ${title}\r\n${headers.join('')}\r\n${body}`);
  });
}
