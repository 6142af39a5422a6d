import { Writable } from 'node:stream';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { PinoLogger } from './logging.js';

const SECRET = `AKIA${'A1B2'.repeat(4)}`;

describe('the log', () => {
  let lines: Record<string, unknown>[];
  let logger: PinoLogger;
  beforeEach(() => {
    lines = [];
    const stream = new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        lines.push(JSON.parse(chunk.toString()) as Record<string, unknown>);
        done();
      },
    });
    logger = PinoLogger.create({ logLevel: 'debug' }, stream);
  });

  it('shows no secret in a message', () => {
    logger.log(`began with ${SECRET}`, 'http');
    expect(lines).toMatchObject([{ msg: 'began with [redacted]', context: 'http' }]);
  });

  it('shows no secret in members, at any depth, be it by its look or by its name', () => {
    const headers = { authorization: 'Bearer x', 'X-Api-Key': 'y', cookie: 'z', host: 'h' };
    logger.warn({ code: 'X', path: `/a/${SECRET}`, request: { deep: { headers } } }, 'refused', 'http');
    expect(lines).toMatchObject([
      {
        msg: 'refused',
        code: 'X',
        path: '/a/[redacted]',
        request: {
          deep: {
            headers: {
              authorization: '[redacted]',
              'X-Api-Key': '[redacted]',
              cookie: '[redacted]',
              host: 'h',
            },
          },
        },
      },
    ]);
  });

  it('shows no secret in errors, nor in their causes or stacks', () => {
    const cause = Object.assign(new Error(`no ${SECRET}`), { code: 'E_X', query: 'SELECT 1' });
    logger.error(new Error(`failed on ${SECRET}`, { cause }), 'it failed', 'http');
    logger.error({ code: 'INTERNAL', err: cause }, 'it failed', 'http');
    expect(JSON.stringify(lines)).not.toContain(SECRET);
    expect(JSON.stringify(lines)).not.toContain('SELECT');
    expect(lines).toMatchObject([
      {
        err: {
          type: 'Error',
          message: 'failed on [redacted]',
          cause: { message: 'no [redacted]', code: 'E_X' },
        },
      },
      {
        err: {
          type: 'Error',
          message: 'no [redacted]',
          code: 'E_X',
          stack: expect.stringContaining('logging.spec'),
        },
      },
    ]);
  });
});
