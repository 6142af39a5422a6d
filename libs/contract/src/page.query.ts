import type { Response } from 'express';
import { IntegerField } from './fields.js';

const MAX_SKIP = 1e12;

/** A request class with `skip` and `limit`. */
export function pageQuery(maxLimit: number, defaultLimit = 100) {
  class PageQuery {
    @IntegerField({
      description: 'How many to leave out from the start.',
      default: 0,
      example: 0,
      max: MAX_SKIP,
    })
    skip?: number;

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
      return { skip: this.skip ?? 0, limit: this.limit ?? defaultLimit };
    }
  }
  return PageQuery;
}

/** The older form: `offset` and `limit`. */
export function offsetQuery(maxLimit: number, defaultLimit: number) {
  class OffsetQuery {
    @IntegerField({
      description: 'How many to leave out from the start.',
      default: 0,
      example: 0,
      max: MAX_SKIP,
    })
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
      return { skip: this.offset ?? 0, limit: this.limit ?? defaultLimit };
    }
  }
  return OffsetQuery;
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
