import { v5 as uuidV5 } from 'uuid';
import { isUuid } from '#kernel';
import { NAME_PATTERN, nameProblem } from '../agent-name.js';
import { type Field, IdentityRefused } from './fields.js';
import { scalarText } from './field-values.js';

/** Namespace of the version 5 UUIDs (RFC 9562, section 5.5) that agents without an id get from their name. */
const AGENT_ID_NAMESPACE = 'df9f389c-1a19-4cd1-a583-89ef183d616e';

/** Written where an id is missing, by tools that have none; the same in many files. */
const PLACEHOLDER_UUID = /^(?:[0-]+|[f-]+)$/i;
/** The id that an agent of this name gets where its file has none: the same on every run. */
export function agentIdOf(name: string): string {
  return uuidV5(name, AGENT_ID_NAMESPACE);
}

/** The id in its stored spelling, or null if the text is no UUID or a placeholder (all zeros, all ones). */
export function readAgentId(text: string): string | null {
  return isUuid(text) && !PLACEHOLDER_UUID.test(text) ? text.toLowerCase() : null;
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
  const problem = nameProblem(name);
  if (problem) throw new IdentityRefused(line, `name "${name.slice(0, 100)}" ${problem}`);
  if (field !== null && name !== written) note(`name "${written.slice(0, 100)}" became "${name}"`);
  return name;
}

function slug(text: string): string {
  if (NAME_PATTERN.test(text)) return text;
  return text
    .normalize('NFKD')
    .replace(/\p{Mark}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '');
}
