import type { Response } from 'express';
import { IntegerField } from './fields.js';

const MAX_SKIP = 1e12;

/** A request class with `limit`, and `skip` or, in the older form, `offset`. */
export function pageQuery(maxLimit: number, defaultLimit = 100, start: 'skip' | 'offset' = 'skip') {
  class PageQuery {
    skip?: number;
    offset?: number;

    @IntegerField({
      description: 'How many at the most.',
      default: defaultLimit,
      example: defaultLimit,
      min: 1,
      max: maxLimit,
    })
    limit?: number;

    /** The page that was asked for, defaults filled in. */
    page(): Page {
      return { skip: this[start] ?? 0, limit: this.limit ?? defaultLimit };
    }
  }
  // Only the member that is declared as a field belongs to the request.
  IntegerField({
    description: 'How many to leave out from the start.',
    default: 0,
    example: 0,
    max: MAX_SKIP,
  })(PageQuery.prototype, start);
  return PageQuery;
}

/** The older form: `offset` and `limit`. */
export function offsetQuery(maxLimit: number, defaultLimit: number) {
  return pageQuery(maxLimit, defaultLimit, 'offset');
}

export interface Page {
  readonly skip: number;
  readonly limit: number;
}

/** A part of a list, and how long the whole is. */
export interface PageOf<T> {
  readonly items: T[];
  readonly total: number;
}

export const TOTAL_HEADER = 'X-Total-Count';

/** Sends a page as a bare array, its total in the header. */
export function sendPage<T>(response: Response, page: PageOf<T>): T[] {
  response.setHeader(TOTAL_HEADER, page.total);
  return page.items;
}
