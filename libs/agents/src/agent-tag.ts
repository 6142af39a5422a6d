import { createHash } from 'node:crypto';
import { matchTags } from '#contract';
import type { AgentResponse } from './dto/agent.response.js';

const DIGEST_CHARS = 16;
const TAG = /^([1-9]\d{0,15})-/;

/** An agent as it is answered, and the tag that changes when, and only when, that does. */
export interface TaggedAgent {
  readonly agent: AgentResponse;
  readonly tag: string;
}

/**
 * `<version>-<usage>`: the version of the registry's row, and a digest of the answer, for what changes without it:
 * usage, performance, the day, activity, and what is inherited from the role.
 */
export function tagOf(version: number, agent: AgentResponse): string {
  const digest = createHash('sha256').update(JSON.stringify(agent)).digest('base64url');
  return `${version}-${digest.slice(0, DIGEST_CHARS)}`;
}

/** The versions that an `If-Match` allows to be changed; null for any. */
export function allowedVersions(ifMatch: string | undefined): readonly number[] | null {
  return matchTags(ifMatch)?.map((tag) => Number(TAG.exec(tag)?.[1] ?? NaN)) ?? null;
}
