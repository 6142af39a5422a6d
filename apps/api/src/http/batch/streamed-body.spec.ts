import type { IncomingMessage } from 'node:http';
import { PassThrough } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import { chunksOf, isStreaming } from './streamed-body.js';

const SILENCE_MS = 30;

/** A request as far as its body goes. */
function aRequest() {
  const socket = new PassThrough();
  const body = Object.assign(new PassThrough(), { socket });
  return { socket, body, request: body as unknown as IncomingMessage };
}

async function textOf(chunks: AsyncIterable<Buffer>): Promise<string> {
  let text = '';
  for await (const chunk of chunks) text += chunk.toString();
  return text;
}

describe('chunksOf', () => {
  it('gives what arrives, and exempts the connection for as long as it reads', async () => {
    const { body, request, socket } = aRequest();
    const chunks = chunksOf(request);
    expect(isStreaming(socket)).toBe(false);
    body.write('one');
    expect((await chunks.next()).value).toEqual(Buffer.from('one'));
    expect(isStreaming(socket)).toBe(true);
    body.end('two');
    expect(await textOf(chunks)).toBe('two');
    expect(isStreaming(socket)).toBe(false);
  });

  it('ends a body that is silent for too long', async () => {
    const { body, request, socket } = aRequest();
    body.write('one');
    await expect(textOf(chunksOf(request, SILENCE_MS))).rejects.toMatchObject({ code: 'BAD_REQUEST' });
    expect([body.destroyed, isStreaming(socket)]).toEqual([true, false]);
  });

  it('counts no silence while what arrived is being worked on', async () => {
    const { body, request } = aRequest();
    body.write('one');
    const chunks = chunksOf(request, SILENCE_MS);
    await chunks.next();
    await new Promise((resolve) => setTimeout(resolve, 3 * SILENCE_MS));
    expect(body.destroyed).toBe(false);
    body.end('two');
    expect(await textOf(chunks)).toBe('two');
  });

  it('tells of a client that has gone', async () => {
    const { body, request, socket } = aRequest();
    const read = textOf(chunksOf(request));
    body.write('one');
    body.destroy(Object.assign(new Error('aborted'), { code: 'ECONNRESET' }));
    await expect(read).rejects.toMatchObject({ code: 'BAD_REQUEST' });
    expect(isStreaming(socket)).toBe(false);
  });
});
