import type { CommandCall, CommandReading } from './command-reading.js';
import { type Argument, fileNamesIn } from './command-words.js';

/** What one command would run, name and write, as it is found. */
export class CommandFindings {
  forkBomb = false;
  readonly written = new Set<string>();
  readonly writtenUnder = new Set<string>();
  private readonly calls: CommandCall[] = [];
  private readonly words = new Set<string>();
  private readonly patterns = new Set<string>();
  private opaque: string | null = null;
  private interpreted = false;

  reading(): CommandReading {
    return {
      calls: this.calls,
      words: [...this.words],
      patterns: [...this.patterns],
      written: [...this.written],
      writtenUnder: [...this.writtenUnder],
      opaque: this.opaque,
      interpreted: this.interpreted,
      forkBomb: this.forkBomb,
    };
  }

  keepCall(program: string, args: readonly Argument[], via: readonly string[]): void {
    this.calls.push({
      program,
      args: args.map(({ value }) => value),
      splits: args.some(({ value, many }) => value === null && many),
      via,
    });
  }

  /** Something of the command cannot be seen. */
  hide(reason: string): void {
    this.opaque ??= reason;
  }

  /** The files that an argument may name. */
  keepNames({ pieces, value, pattern }: Argument): void {
    for (const piece of pieces) {
      for (const name of fileNamesIn(piece)) {
        this.words.add(name);
        if (pattern) this.patterns.add(name);
        // After an expansion comes a slash that is not the root: `$dir/.env`.
        if (value === null && /^\/+[^/]/.test(name)) this.words.add(name.replace(/^\/+/, ''));
      }
    }
  }

  /** Code of another language, which names files in its strings. */
  keepCode(args: readonly Argument[]): void {
    this.interpreted = true;
    for (const { pieces } of args) {
      for (const piece of pieces) {
        for (const [, name = ''] of piece.matchAll(/["'`]([^"'`\n]+)["'`]/g)) this.words.add(name);
      }
    }
  }
}
