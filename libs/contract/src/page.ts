import { applyDecorators, type Type } from '@nestjs/common';
import { ApiOkResponse } from '@nestjs/swagger';
import type { AnswerHead } from './answer-head.js';
import type { Place } from './cursor.js';
import type { PagedQuery } from './page.query.js';
import { ApiProblems } from './problem.js';

/** A part of a list. */
export interface PageOf<T> {
  readonly items: T[];
  /** Where it ends, if there is more behind it. */
  readonly next: Place | null;
  /** How long the whole list is, where that is counted. */
  readonly total?: number;
}

/** A page of at most `limit` of `rows`; one row more than that says that there is more. */
export function pageOf<Row>(rows: readonly Row[], limit: number, placeOf: (row: Row) => Place): PageOf<Row> {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return { items, next: last !== undefined && rows.length > limit ? placeOf(last) : null };
}

/**
 * Where a list that goes back in time begins: before `to`, or behind `after` where that comes first. Beside another upper
 * bound, a place would not be where the database begins its search.
 * @param to milliseconds UTC. @param after a time and an id.
 */
export function upperBound(to: number | null | undefined, after: Place | undefined): Place | undefined {
  if (to == null || (after !== undefined && Number(after[0]) < to)) return after;
  return [to, ''];
}

const TOTAL_HEADER = 'X-Total-Count';
const LINK_HEADER = 'Link';

/** Sends a page as a bare array, what is known of the rest in headers: the next page as RFC 8288 has it. */
export function sendPage<T>(head: AnswerHead, query: PagedQuery, { items, next, total }: PageOf<T>): T[] {
  if (total !== undefined) head.setHeader(TOTAL_HEADER, total);
  if (next) {
    const { pathname } = new URL(head.req.url ?? '/', 'http://localhost');
    head.setHeader(LINK_HEADER, `<${pathname}?${query.queryAfter(next).toString()}>; rel="next"`);
  }
  return items;
}

/** Documents the answers of a list. */
export function ApiPage(
  type: Type,
  description: string,
  { counted = false }: { readonly counted?: boolean } = {},
): MethodDecorator {
  const link = {
    description: 'The next page, `rel="next"`, where there is one.',
    schema: { type: 'string' },
  };
  const total = { description: 'How many there are in all.', schema: { type: 'integer' } };
  const headers = { [LINK_HEADER]: link, ...(counted ? { [TOTAL_HEADER]: total } : {}) };
  return applyDecorators(ApiOkResponse({ type: [type], description, headers } as never), ApiProblems(422));
}
