/** A set of names, of tools or of servers. `*` in a name stands for any characters; case counts. */
export class Names {
  private constructor(
    /** As they were written. */
    readonly list: readonly string[],
    private readonly exact: ReadonlySet<string>,
    private readonly wild: readonly string[],
    private readonly all: boolean,
  ) {}

  static of(list: readonly string[]): Names {
    return new Names(
      list,
      new Set(list),
      list.filter((name) => name.includes('*') && name !== '*'),
      list.includes('*'),
    );
  }

  /** The first of the names that is in the set, or null. */
  match(names: readonly string[]): string | null {
    return names.find((name) => this.has(name)) ?? null;
  }

  has(name: string): boolean {
    return this.all || this.exact.has(name) || this.wild.some((pattern) => matchesWildcard(pattern, name));
  }
}

/** Whether `text` matches `pattern`, where `*` stands for any characters. At most pattern × text steps. */
export function matchesWildcard(pattern: string, text: string): boolean {
  let at = 0;
  let inPattern = 0;
  let star = -1;
  let restart = 0;
  while (at < text.length) {
    if (pattern[inPattern] === '*') {
      star = inPattern;
      restart = at;
      inPattern += 1;
    } else if (pattern[inPattern] === text[at]) {
      at += 1;
      inPattern += 1;
    } else if (star >= 0) {
      // The last star takes one character more.
      restart += 1;
      at = restart;
      inPattern = star + 1;
    } else return false;
  }
  while (pattern[inPattern] === '*') inPattern += 1;
  return inPattern === pattern.length;
}

/**
 * The server of an MCP tool `mcp__server__tool`: it ends at the second `__`.
 * @returns null for a tool that is none; '' for one that begins so and names no server or no tool.
 */
export function serverOf(tool: string): string | null {
  if (!tool.startsWith('mcp__')) return null;
  const end = tool.indexOf('__', 5);
  return end < 0 || end + 2 === tool.length ? '' : tool.slice(5, end);
}
