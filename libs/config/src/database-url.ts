/** Where the store is. */
export type DatabaseUrl =
  | { readonly dialect: 'sqlite'; readonly file: string }
  | { readonly dialect: 'postgres'; readonly url: string; readonly schema: string };

const SCHEMA = /^[a-z_][a-z0-9_]{0,62}$/;

/**
 * Parses `sqlite:PATH` or `postgres://USER:PASSWORD@HOST:PORT/DATABASE[?schema=NAME]`.
 * @returns null where the text is neither.
 */
export function parseDatabaseUrl(text: string): DatabaseUrl | null {
  if (text.startsWith('sqlite:')) {
    const file = text.slice('sqlite:'.length).replace(/^\/\/(?=\/)/, '');
    return file === '' || file.includes('\0') || file.includes(':memory:')
      ? null
      : { dialect: 'sqlite', file };
  }
  if (!/^postgres(ql)?:\/\//.test(text) || !URL.canParse(text)) return null;
  const url = new URL(text);
  const schema = url.searchParams.get('schema') ?? 'public';
  url.searchParams.delete('schema');
  return SCHEMA.test(schema) ? { dialect: 'postgres', url: url.href, schema } : null;
}
