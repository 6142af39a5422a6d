const MAX_GLOB_LENGTH = 256;

/**
 * Matches a whole text: `*` is any characters (slashes too), `?` one, `\` takes the next as it is. Case-sensitive.
 * O(pattern · text), whatever the pattern.
 * @throws RangeError for a pattern that is empty, too long or ends in a lone backslash.
 */
export class CommandGlob {
  private constructor(private readonly tokens: readonly string[]) {}

  static compile(pattern: string): CommandGlob {
    if (pattern === '' || pattern.length > MAX_GLOB_LENGTH) {
      throw new RangeError(
        `A pattern has 1 to ${MAX_GLOB_LENGTH} characters: ${JSON.stringify(pattern.slice(0, 40))}`,
      );
    }
    const tokens = pattern.match(/\\[^]|[^\\]/gu) ?? [];
    if (tokens.join('') !== pattern)
      throw new RangeError(`A pattern ends in a lone backslash: ${JSON.stringify(pattern)}`);
    return new CommandGlob(tokens);
  }

  matches(text: string): boolean {
    const chars = [...text];
    const { tokens } = this;
    let token = 0;
    let at = 0;
    // Where to go on when the present attempt fails: the last star, which then takes one more character.
    let star = -1;
    let taken = 0;
    while (at < chars.length) {
      if (tokens[token] === '*') {
        star = token++;
        taken = at;
      } else if (takes(tokens[token], chars[at])) {
        token++;
        at++;
      } else if (star >= 0) {
        token = star + 1;
        at = ++taken;
      } else return false;
    }
    while (tokens[token] === '*') token++;
    return token === tokens.length;
  }

  /** Whether some text that begins so can match. */
  mayMatchFrom(beginning: string): boolean {
    let states = new Set([0]);
    for (const char of beginning) {
      const next = new Set<number>();
      for (const state of this.closed(states)) {
        if (this.tokens[state] === '*') next.add(state);
        else if (takes(this.tokens[state], char)) next.add(state + 1);
      }
      states = next;
    }
    return states.size > 0;
  }

  /** The states that stars lead to without taking a character. */
  private closed(states: ReadonlySet<number>): Set<number> {
    const closed = new Set(states);
    for (const state of closed) if (this.tokens[state] === '*') closed.add(state + 1);
    return closed;
  }
}

function takes(token: string | undefined, char: string | undefined): boolean {
  if (token === undefined || token === '*') return false;
  return token === '?' || (token.length > 1 && token.startsWith('\\') ? token.slice(1) : token) === char;
}
