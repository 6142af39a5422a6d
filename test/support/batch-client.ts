import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import type { TestService } from './service.js';

export const NDJSON = { 'content-type': 'application/x-ndjson' };

/** What came of a batch; lines where the answer is of lines. */
export interface BatchAnswer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- tests read answers as clients do, without types
  readonly body: any;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- the same
  readonly lines: any[];
}

/** Sends chunks as they are, one after another. @param path under `/api/v1`. */
export async function sendBatch(
  service: TestService,
  path: string,
  chunks: readonly (string | Buffer)[],
  headers: Record<string, string> = NDJSON,
): Promise<BatchAnswer> {
  const call = request({
    ...{ hostname: '127.0.0.1', port: service.service.port, path: `/api/v1${path}` },
    ...{ agent: false, method: 'POST', headers },
  });
  const answered = once(call, 'response') as Promise<[IncomingMessage]>;
  for (const chunk of chunks) call.write(chunk);
  call.end();
  const [response] = await answered;
  let text = '';
  for await (const part of response.setEncoding('utf8')) text += String(part);
  const isLines = response.headers['content-type'] === NDJSON['content-type'];
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    body: isLines ? text : JSON.parse(text),
    lines: isLines
      ? text
          .trimEnd()
          .split('\n')
          .map((line) => JSON.parse(line))
      : [],
  };
}
