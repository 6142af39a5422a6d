import { ValidationFailed } from '#kernel';
import {
  CURSOR_FORM,
  fromCursor,
  MAX_CURSOR_CHARS,
  type Place,
  type PlaceShape,
  toCursor,
} from './cursor.js';
import { rulesOf } from './field-rules.js';
import { IntegerField, TextField } from './fields.js';

const MAX_SKIP = 1e12;
const NOT_A_FILTER: readonly string[] = ['skip', 'offset', 'limit', 'cursor'];
const FOREIGN = 'must come from the Link header of this list, asked with the same filters';

/** What a list's pages are like. */
export interface ListRules {
  /** Its name, in which no other list's cursors are taken. */
  readonly list: string;
  /** What it is sorted by. */
  readonly place: PlaceShape;
  readonly maxLimit: number;
  readonly defaultLimit?: number;
  /** What says how many rows to leave out; `offset` is the older form. */
  readonly start?: 'skip' | 'offset';
}

/**
 * A request class with `limit`, `cursor`, and `skip` or, in the older form, `offset`.
 * @param Filters one with what the list can be narrowed by.
 */
export function pageQuery<F extends object = object>(
  { list, place, maxLimit, defaultLimit = 100, start = 'skip' }: ListRules,
  Filters: new () => F = Object as unknown as new () => F,
): new () => PagedQuery & F {
  class PageQuery extends (Filters as new () => object) implements PagedQuery {
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

    @TextField({
      description: `Where the page begins, out of the \`Link\` of the one before: with the same filters and without \`${start}\`.`,
      maxChars: MAX_CURSOR_CHARS,
      pattern: CURSOR_FORM,
      patternMessage: FOREIGN,
    })
    cursor?: string;

    /** The page that was asked for, defaults filled in. @throws ValidationFailed for a cursor of something else. */
    page(): Page {
      const { cursor } = this;
      const limit = this.limit ?? defaultLimit;
      if (cursor === undefined) return { skip: this[start] ?? 0, limit };
      if (this[start] !== undefined) refuse(`must not stand beside ${start}`);
      return { skip: 0, limit, after: fromCursor(cursor, this.binding(), place) ?? refuse(FOREIGN) };
    }

    /** The query of the page that begins behind `after`. */
    queryAfter(after: Place): URLSearchParams {
      const query = new URLSearchParams(this.filters());
      if (this.limit !== undefined) query.set('limit', String(this.limit));
      query.set('cursor', toCursor(after, this.binding()));
      return query;
    }

    private binding(): string {
      return JSON.stringify([list, this.filters()]);
    }

    private filters(): [string, string][] {
      const members = this as unknown as Readonly<Record<string, unknown>>;
      const { fields } = rulesOf(this.constructor as new () => object);
      const given = [...fields].filter((name) => !NOT_A_FILTER.includes(name) && members[name] !== undefined);
      return given.sort().map((name) => [name, String(members[name])]);
    }
  }
  // Only the member that is declared as a field belongs to the request.
  IntegerField({
    description: 'How many to leave out from the start; each costs as much as one that is answered.',
    default: 0,
    example: 0,
    max: MAX_SKIP,
  })(PageQuery.prototype, start);
  return PageQuery as unknown as new () => PagedQuery & F;
}

function refuse(message: string): never {
  throw new ValidationFailed([{ path: 'cursor', message }]);
}

/** A request for a page of a list. */
export interface PagedQuery {
  skip?: number;
  offset?: number;
  limit?: number;
  cursor?: string;
  page(): Page;
  queryAfter(after: Place): URLSearchParams;
}

/** Which rows of a list are asked for. */
export interface Page {
  readonly skip: number;
  readonly limit: number;
  /** The place behind which it begins. */
  readonly after?: Place;
}
