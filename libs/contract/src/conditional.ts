import { applyDecorators } from '@nestjs/common';
import { ApiHeader, ApiResponse } from '@nestjs/swagger';
import type { AnswerHead } from './answer-head.js';
import { ApiProblems } from './problem.js';

/** An entity tag as a condition names it: weak or not, and its text without the quotes. */
interface EntityTag {
  readonly weak: boolean;
  readonly text: string;
}

/** RFC 9110, section 8.8.3. What stands between the tags is not looked at, but a tag stands alone or behind `W/`. */
const ENTITY_TAG = /(?<![^\s,])(W\/)?"([^"]*)"/g;

/** The tags of `If-Match` or `If-None-Match`; null for `*`, which is whatever there is (RFC 9110, section 13.1). */
function parseTags(header: string): EntityTag[] | null {
  if (header.trim() === '*') return null;
  return [...header.matchAll(ENTITY_TAG)].map(([, weak, text = '']) => ({ weak: weak !== undefined, text }));
}

/**
 * The texts of the tags that `If-Match` takes; null where it takes whatever there is. Weak ones are never taken, since
 * it compares strongly (RFC 9110, section 13.1.1).
 */
export function matchTags(header: string | undefined): string[] | null {
  if (header === undefined) return null;
  return parseTags(header)?.flatMap(({ weak, text }) => (weak ? [] : [text])) ?? null;
}

/**
 * Sends `body` with its strong entity tag, or 304 and nothing where `If-None-Match` names that tag, weak or not
 * (RFC 9110, section 13.1.2). Caches must ask every time.
 * @param tag without its quotes.
 */
export function sendTagged<T>(head: AnswerHead, tag: string, body: T): T | undefined {
  head.setHeader('ETag', `"${tag}"`);
  head.setHeader('Cache-Control', 'private, no-cache');
  const header = head.req.headers['if-none-match'];
  if (header === undefined) return body;
  const tags = parseTags(header);
  if (tags?.every(({ text }) => text !== tag)) return body;
  head.statusCode = 304;
  return undefined;
}

const EXAMPLE = '"3-Xb1kD0q9zJ4mT2va"';
const ETAG = {
  ETag: {
    description: 'Its version and, behind a hyphen, a digest of the rest of the answer.',
    schema: { type: 'string' as const, example: EXAMPLE },
  },
};

/** Documents a read that `sendTagged` answers. */
export function ApiTagged(): MethodDecorator {
  return applyDecorators(
    ApiHeader({
      name: 'If-None-Match',
      description: 'ETags of answers that the client has; `*` for any.',
      required: false,
      schema: { type: 'string', example: EXAMPLE },
    }),
    ApiResponse({ status: 304, description: 'The client has this answer already.', headers: ETAG }),
  );
}

/** Documents a change that `If-Match` may forbid. */
export function ApiIfMatch(): MethodDecorator {
  return applyDecorators(
    ApiHeader({
      name: 'If-Match',
      description:
        'ETags of what was read: nothing changes unless the version in one of them is the present one.',
      required: false,
      schema: { type: 'string', example: EXAMPLE },
    }),
    ApiProblems(412),
  );
}

/** The headers of an answer that `sendTagged` sends. */
export const TAGGED = { headers: ETAG };
