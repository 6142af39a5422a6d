import { expect } from '@jest/globals';
import type { Answer, RequestOptions, TestService } from './service.js';

const NEXT = /^<(\/[^>]*)>; rel="next"$/;

/** Where the page after this answer is, as its `Link` says (RFC 8288); null where this is the last. */
export function nextOf({ headers }: Answer): string | null {
  const link = headers.get('link');
  if (link === null) return null;
  const target = NEXT.exec(link)?.[1];
  expect([link, target]).toEqual([link, expect.any(String)]);
  return target ?? null;
}

export function cursorOf(answer: Answer): string {
  const cursor = new URL(nextOf(answer) ?? '', 'http://localhost').searchParams.get('cursor');
  if (cursor === null) throw new Error('there is no next page');
  return cursor;
}

export interface Walk {
  readonly pages: Answer['body'][][];
  /** The rows of all pages, in order. */
  readonly rows: Answer['body'][];
}

/** Follows `Link` from page to page; `between` runs before each but the first. */
export async function walk(
  service: TestService,
  path: string,
  options: RequestOptions = {},
  between: () => Promise<unknown> = () => Promise.resolve(),
): Promise<Walk> {
  const pages: Answer['body'][][] = [];
  for (let at: string | null = `//api/v1${path}`; at !== null;) {
    if (pages.length > 0) await between();
    const answer = await service.request('GET', at, undefined, options);
    expect([at, answer.status, answer.body.detail]).toEqual([at, 200, undefined]);
    pages.push(answer.body);
    const next = nextOf(answer);
    at = next && `/${next}`;
  }
  return { pages, rows: pages.flat() };
}
