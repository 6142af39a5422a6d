import { describe, expect, it } from '@jest/globals';
import { matchTags, sendTagged } from './conditional.js';

/** The status that a read of the tag `3-abc` is answered with, and what else went out. */
function read(ifNoneMatch: string | undefined) {
  const sent: Record<string, string> = {};
  const response = {
    statusCode: 200,
    req: { headers: { 'if-none-match': ifNoneMatch } },
    setHeader: (name: string, value: string) => (sent[name] = value),
  };
  const body = sendTagged(response as never, '3-abc', 'the body');
  return { status: response.statusCode, body, etag: sent['ETag'] };
}

describe('If-None-Match', () => {
  it.each([
    '"3-abc"',
    'W/"3-abc"',
    '"x", "3-abc"',
    '"x","3-abc"',
    ', ,"3-abc" ,',
    ' "a,b", W/"3-abc"',
    '*',
    ' * ',
  ])('takes %j for the answer that the client has', (header) =>
    expect(read(header)).toEqual({ status: 304, body: undefined, etag: '"3-abc"' }),
  );

  it.each([
    undefined,
    '',
    '"3-abd"',
    '3-abc',
    '"3-abc',
    'w/"3-abc"',
    'x"3-abc"',
    '"*"',
    '"3"',
    '"", "x"',
    ',',
  ])('does not take %j for it', (header) =>
    expect(read(header)).toEqual({ status: 200, body: 'the body', etag: '"3-abc"' }),
  );
});

describe('If-Match', () => {
  it.each([
    [undefined, null],
    ['*', null],
    ['"1-a"', ['1-a']],
    ['"1-a", "2-b"', ['1-a', '2-b']],
    ['W/"1-a", "2-b"', ['2-b']],
    ['W/"1-a"', []],
    ['1-a', []],
    ['w/"1-a"', []],
    ['"*"', ['*']],
    ['', []],
  ])('of %j takes %j', (header, tags) => expect(matchTags(header)).toEqual(tags));
});
