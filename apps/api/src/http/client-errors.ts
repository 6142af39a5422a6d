import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { newId } from '#kernel';

const REFUSALS: Readonly<Record<string, [status: number, title: string, detail: string]>> = {
  HPE_HEADER_OVERFLOW: [
    431,
    'Request Header Fields Too Large',
    'The headers are larger than this service takes.',
  ],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'Request Timeout', 'The request did not arrive in time.'],
};
const MALFORMED: [number, string, string] = [400, 'Bad Request', 'The request is not HTTP.'];

/** Answers what is not HTTP at all, which reaches no middleware, in the same form as everything else. */
export function answerClientErrors(server: Server): void {
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    if (error.code === 'ECONNRESET' || !socket.writable) {
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
    socket.end(
      `HTTP/1.1 ${status} ${title}\r\nContent-Type: application/problem+json\r\n` +
        `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
    );
  });
}
