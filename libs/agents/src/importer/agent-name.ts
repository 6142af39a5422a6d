import { v5 as uuidV5 } from 'uuid';
import { type Field, IdentityRefused } from './fields.js';
import { scalarText } from './field-values.js';

/** Namespace of the version 5 UUIDs (RFC 9562, section 5.5) that agents without an id get from their name. */
export const AGENT_ID_NAMESPACE = 'df9f389c-1a19-4cd1-a583-89ef183d616e';

const MAX_NAME_LENGTH = 64;
const NAME = /^[a-z0-9-]{1,64}$/;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
/** Written where an id is missing, by tools that have none; the same in many files. */
const PLACEHOLDER_UUID = /^(?:[0-]+|[f-]+)$/i;
/** Words that the service's own paths and events use where an agent's name could stand. */
const RESERVED_NAMES: ReadonlySet<string> = new Set([
  'registry',
  'stats',
  'name',
  'activity',
  'unknown',
  'system',
  'main',
]);

/** The id that an agent of this name gets where its file has none: the same on every run. */
export function agentIdOf(name: string): string {
  return uuidV5(name, AGENT_ID_NAMESPACE);
}

/** The id in its stored spelling, or null if the text is no UUID or a placeholder (all zeros, all ones). */
export function readAgentId(text: string): string | null {
  return UUID.test(text) && !PLACEHOLDER_UUID.test(text) ? text.toLowerCase() : null;
}

/**
 * The agent's name: the field's, else the file's stem, each brought into the form of a name where it is not.
 * @param field the `name` field, if it holds a value
 * @param note takes a sentence for the report if the name is not as it was written
 * @throws IdentityRefused for a reserved name, one shaped like a UUID, one that is too long, or none at all.
 */
export function readName(field: Field | null, stem: string, note: (text: string) => void): string {
  const written = field === null ? stem : scalarText(field);
  const line = field?.line ?? 1;
  if (written === null) throw new IdentityRefused(line, 'name is not a text');
  let name = slug(written);
  if (name === '' && field !== null) name = slug(stem);
  if (name === '') throw new IdentityRefused(line, 'name holds no letter a-z and no digit');
  if (name.length > MAX_NAME_LENGTH)
    throw new IdentityRefused(line, `name is longer than ${MAX_NAME_LENGTH} characters`);
  if (RESERVED_NAMES.has(name)) throw new IdentityRefused(line, `name "${name}" is reserved`);
  if (UUID.test(name)) throw new IdentityRefused(line, 'name has the form of a UUID');
  if (field !== null && name !== written) note(`name "${written.slice(0, 100)}" became "${name}"`);
  return name;
}

function slug(text: string): string {
  if (NAME.test(text)) return text;
  return text
    .normalize('NFKD')
    .replace(/\p{Mark}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '');
}
