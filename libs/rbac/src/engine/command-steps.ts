import type { Input } from './command-input.js';
import { type Argument, knownArgument } from './command-words.js';

/** What running a program amounts to. */
export type Step =
  /** It runs this command in its turn. */
  | { readonly run: readonly Argument[] }
  /** It gives this text to a shell; `foreign` where that shell's language is not bash. */
  | { readonly code: string; readonly foreign?: true }
  | { readonly opaque: string }
  | { readonly interpreted: true }
  /** It is a program in its own right. */
  | { readonly itself: true };

export type Unwrap = (args: readonly Argument[], input: Input | undefined) => Iterable<Step>;

export const ITSELF: Step = { itself: true };
export const FROM_INPUT: Step = { opaque: 'a shell that reads what is not in the command' };

/** How the options of a wrapper end, as its manual says. */
export interface Options {
  /** Letters of short options that take a value. */
  readonly short?: string;
  /** Long options that take a value in the next word. */
  readonly long?: readonly string[];
  /** Operands before the command: a duration, a host, a directory. */
  readonly operands?: number;
  readonly assignments?: true;
}

/** Index of the first argument that belongs to the command. */
export function commandStart(args: readonly Argument[], options: Options): number {
  let at = 0;
  for (; at < args.length; at++) {
    const value = args[at]?.value ?? null;
    if (value === null) break;
    if (value === '--') {
      at++;
      break;
    }
    if (!value.startsWith('-') || value === '-') break;
    if (takesNext(value, options)) at++;
  }
  if (options.assignments) while (/^[A-Za-z_]\w*=/.test(args[at]?.pieces[0] ?? '')) at++;
  return at + (options.operands ?? 0);
}

function takesNext(value: string, { short = '', long = [] }: Options): boolean {
  if (value.startsWith('--')) return long.includes(value);
  const letter = [...value.slice(1)].findIndex((char) => short.includes(char));
  return letter >= 0 && letter === value.length - 2;
}

/** A text for a shell made of several arguments, as `eval` joins them. */
export function codeOf(args: readonly (Argument | undefined)[], who: string, end = ''): Step {
  const texts: string[] = [];
  for (const arg of args) {
    if (arg === undefined) continue;
    if (arg.value === null) return { opaque: `${who} runs what is only known later` };
    texts.push(arg.value);
  }
  return { code: texts.join(' ') + end };
}

export function quoted(arg: Argument): Argument {
  return arg.value === null ? arg : knownArgument(`'${arg.value.replaceAll("'", `'\\''`)}'`);
}
