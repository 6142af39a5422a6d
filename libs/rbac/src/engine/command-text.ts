/** Bytes of UTF-8 that a command may have. */
export const MAX_COMMAND_BYTES = 16_384;
/** `$(`, backticks, `${`, `$((`, `$[`, `<(` and `>(` in one command: nesting is what is slow to parse. */
const MAX_EXPANSIONS = 32;
/** Heredocs and here-strings in one command; their parsing is worse than linear. */
const MAX_HEREDOCS = 64;
/** Separators, pipes and redirections in one command. */
const MAX_OPERATORS = 4_096;

/** `${` times characters: each one nested in another is read again to its end. */
const MAX_PARAMETER_WORK = 131_072;

const PARAMETER = /\$\{/g;
const EXPANSION = /\$[({[]|`|[<>]\(/g;
const HEREDOC = /<</g;
const OPERATOR = /[;&|<>]/g;
/** Control characters but tab and newline, and what reorders or hides text on a screen. */
const UNPRINTABLE = /[^\P{Cc}\t\n]|[\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]/u;

/** Why a text is refused before it is parsed, else null. */
export function refusalOfText(text: string): string | null {
  if (Buffer.byteLength(text) > MAX_COMMAND_BYTES) {
    return `the command is longer than ${MAX_COMMAND_BYTES} bytes`;
  }
  if (!text.isWellFormed()) return 'the command is not well-formed Unicode';
  if (UNPRINTABLE.test(text)) return 'the command holds control or invisible characters';
  if (count(text, EXPANSION) > MAX_EXPANSIONS) {
    return `the command has more than ${MAX_EXPANSIONS} expansions`;
  }
  if (count(text, PARAMETER) * text.length > MAX_PARAMETER_WORK) {
    return 'the command has too many parameters for its length';
  }
  if (count(text, HEREDOC) > MAX_HEREDOCS) return `the command has more than ${MAX_HEREDOCS} heredocs`;
  if (count(text, OPERATOR) > MAX_OPERATORS) return `the command has more than ${MAX_OPERATORS} operators`;
  return null;
}

function count(text: string, pattern: RegExp): number {
  return text.match(pattern)?.length ?? 0;
}
