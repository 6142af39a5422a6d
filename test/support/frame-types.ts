import { readFileSync } from 'node:fs';
import { format } from 'prettier';
import { FILTER_SCHEMA, FRAMES, NOTICES, type Schema } from '../../libs/activity/src/frames/index.js';

const STYLE = JSON.parse(readFileSync(new URL('../../.prettierrc.json', import.meta.url), 'utf8')) as object;

/** The module of types that clients of the stream have of its frames, from the registry. */
export function frameTypes(): Promise<string> {
  const entries = FRAMES.map(
    ({ form }) => `${comment(form.description)}${form.type}: ${typeOf(form.schema)};`,
  );
  const notices = Object.entries(NOTICES).flatMap(([type, { description, schema }]) =>
    schema ? [`${comment(description)}${type}: ${typeOf(schema)};`] : [],
  );
  const text = `
// Written by \`UPDATE_TYPES=1 npm test -- frame-types\` from libs/activity/src/frames: change it there.

/** ${FILTER_SCHEMA.description ?? ''} */
export interface StreamFilter ${typeOf(FILTER_SCHEMA)}

/** The data of the frames of entries, by type. */
export interface EntryData {\n${entries.join('\n')}\n}

/** The data of the frames that no entry caused, by type. */
export interface NoticeData {\n${notices.join('\n')}\n}
`;
  return format(text.trimStart(), { ...STYLE, parser: 'typescript' });
}

function typeOf(schema: Schema): string {
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(' | ');
  return [schema.type]
    .flat()
    .map((type) => ofType(type, schema))
    .join(' | ');
}

function ofType(type: string, schema: Schema): string {
  if (type === 'integer') return 'number';
  if (type === 'array') return `readonly (${schema.items ? typeOf(schema.items) : 'unknown'})[]`;
  if (type !== 'object') return type;
  const { properties, required = [], additionalProperties: others } = schema;
  if (!properties)
    return `Readonly<Record<string, ${typeof others === 'object' ? typeOf(others) : 'unknown'}>>`;
  const members = Object.entries(properties).map(([name, member]) => {
    const mark = required.includes(name) ? '' : '?';
    return `${comment(member.description)}readonly ${name}${mark}: ${typeOf(member)};`;
  });
  return `{\n${members.join('\n')}\n}`;
}

const comment = (text: string | undefined): string => (text === undefined ? '' : `/** ${text} */\n`);
