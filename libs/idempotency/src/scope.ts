import type { Principal } from '#kernel';

/** How long an answer is kept, and an item known by its `event_id`, ms. */
export const KEPT_MS = 86_400_000;

/**
 * Whose keys these are: of an agent, a person, or else one key's. Replacing a key changes none of the first two; its role is
 * part of it, so that nobody is shown what a key of other rights was answered.
 */
export function scopeOf({ id, kind, role, agentId, owner }: Principal): string {
  return JSON.stringify([kind, role, agentId ?? owner ?? id]);
}
