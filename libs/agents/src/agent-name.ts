import { isUuid, LIMITS } from '#kernel';

/** Lower-case letters, digits and hyphens; what else a name must be says {@link nameProblem}. */
export const NAME_PATTERN = /^[a-z0-9-]+$/;

/** Names that mean something else in a path or an event. */
export const RESERVED_NAMES: readonly string[] = [
  'registry',
  'stats',
  'name',
  'activity',
  'unknown',
  'system',
  'main',
];

/** Why no agent can have this name, although its letters are right; null where one can. */
export function nameProblem(name: string): string | null {
  if (name.length > LIMITS.nameChars) return `must not be longer than ${LIMITS.nameChars} characters`;
  if (RESERVED_NAMES.includes(name)) return 'must not be a reserved word';
  return isUuid(name) ? 'must not be shaped like a UUID' : null;
}
