/** One program that a command would run, wrappers taken off. */
export interface CommandCall {
  /** Base name, lower case, without `.exe`; e.g. `rm` for `sudo -n /bin/rm`. */
  readonly program: string;
  /** Arguments after the program, quotes removed; null where one cannot be known before the command runs. */
  readonly args: readonly (string | null)[];
  /** Whether an unknown argument may become several words, as an unquoted expansion does. */
  readonly splits: boolean;
  /** Wrappers around it, outermost first, such as `sudo`, `env`. */
  readonly via: readonly string[];
}

/** What is known of a command before it runs. */
export interface CommandReading {
  readonly calls: readonly CommandCall[];
  /**
   * Every literal word that could name a file: arguments with the values of `--option=value`, `@file` and the like,
   * redirect targets, assigned values, brace expansions, and the known pieces of words that are not known as a whole.
   */
  readonly words: readonly string[];
  /** Those of the words that are patterns over file names, such as `.e*`. */
  readonly patterns: readonly string[];
  /** Redirect targets that are written to. */
  readonly written: readonly string[];
  /** What is known of the beginnings of written targets that are not known as a whole; '' where nothing is. */
  readonly writtenUnder: readonly string[];
  /** Why not all of it can be seen; null where all is seen. */
  readonly opaque: string | null;
  /** True where an interpreter is given code: `python -c`, `node -e`, a script as a heredoc. */
  readonly interpreted: boolean;
  /** True for a function that pipes into itself. */
  readonly forkBomb: boolean;
}

export type CommandResult = CommandReading | { readonly refused: string };
