import { posix } from 'node:path';
import { CommandGlob } from './command-glob.js';
import type { CommandCall, CommandReading } from './command-reading.js';

/** A rule of the policy over commands; all that it states must hold, of one call. */
export interface CommandRuleDocument {
  /** Globs on the base name (`mkfs`, `mkfs.*`); absent: any program. */
  readonly programs?: readonly string[];
  /** At least one of these wrappers is around it. */
  readonly via?: readonly string[];
  /** Of each inner list at least one spelling is present. */
  readonly options?: readonly (readonly string[])[];
  /** At least one operand matches one of these globs; also when written without `./`, `//` and `x/..`. */
  readonly operands?: readonly string[];
  /** The first operands equal these: `['push']` for git. */
  readonly arguments?: readonly string[];
  /** A redirection writes to a target that matches one of these globs. */
  readonly writes?: readonly string[];
  readonly fork_bomb?: true;
}

/** Options of programs with sub-commands that stand before the sub-command and take a value in the next word. */
const VALUE_OPTIONS: Readonly<Record<string, readonly string[]>> = {
  git: [
    '-C',
    '-c',
    '--git-dir',
    '--work-tree',
    '--namespace',
    '--super-prefix',
    '--config-env',
    '--attr-source',
  ],
  systemctl: [
    '-H',
    '-M',
    '-t',
    '-p',
    '-n',
    '-o',
    '-s',
    '--host',
    '--machine',
    '--type',
    '--property',
    '--signal',
    '--root',
  ],
  docker: ['-H', '-c', '-l', '--host', '--context', '--config', '--log-level'],
  kubectl: ['-n', '-s', '--namespace', '--context', '--kubeconfig', '--cluster', '--server', '--user'],
  npm: ['-C', '-w', '--prefix', '--workspace', '--registry'],
};

/** What is present in a call, as a rule looks at it. */
interface Arguments {
  readonly options: readonly string[];
  readonly operands: readonly (string | null)[];
  /** Unknown arguments; Infinity where one may become several. */
  readonly unknown: number;
}

export class CommandRule {
  private constructor(
    private readonly programs: readonly CommandGlob[] | null,
    private readonly via: readonly string[] | null,
    private readonly options: readonly (readonly string[])[],
    private readonly operands: readonly CommandGlob[] | null,
    private readonly first: readonly string[],
    private readonly writes: readonly CommandGlob[] | null,
    private readonly forkBomb: boolean,
  ) {}

  /** @throws RangeError for a rule that states nothing, an empty list or a bad glob. */
  static compile(document: CommandRuleDocument): CommandRule {
    const stated: unknown[] = Object.values(document).filter((value) => value !== undefined);
    if (stated.length === 0) throw new RangeError('A rule states at least one condition.');
    for (const list of [...stated, ...(document.options ?? [])]) {
      if (Array.isArray(list) && list.length === 0) throw new RangeError('A list of a rule is not empty.');
    }
    const globs = (patterns?: readonly string[]): CommandGlob[] | null =>
      patterns?.map((pattern) => CommandGlob.compile(pattern)) ?? null;
    return new CommandRule(
      globs(document.programs),
      document.via ?? null,
      document.options ?? [],
      globs(document.operands),
      document.arguments ?? [],
      globs(document.writes),
      document.fork_bomb ?? false,
    );
  }

  matches(reading: CommandReading): boolean {
    if (this.forkBomb && !reading.forkBomb) return false;
    if (this.writes && !reading.written.some((target) => matchesAny(this.writes, target))) return false;
    return !this.asksCall() || reading.calls.some((call) => this.lacks(call) === 0);
  }

  /** Whether what is not known before the command runs could make it match. A match itself counts too. */
  mayMatch(reading: CommandReading): boolean {
    if (this.forkBomb && !reading.forkBomb) return false;
    if (this.writes && !this.mayWrite(reading, this.writes)) return false;
    return !this.asksCall() || reading.calls.some((call) => this.mayCall(call));
  }

  private mayCall(call: CommandCall): boolean {
    const lacking = this.lacks(call);
    return lacking !== Infinity && lacking <= unknownIn(call);
  }

  private asksCall(): boolean {
    return (
      this.programs !== null ||
      this.via !== null ||
      this.options.length + this.first.length > 0 ||
      this.operands !== null
    );
  }

  private mayWrite(reading: CommandReading, writes: readonly CommandGlob[]): boolean {
    return (
      reading.written.some((target) => matchesAny(writes, target)) ||
      reading.writtenUnder.some((beginning) => writes.some((glob) => glob.mayMatchFrom(beginning)))
    );
  }

  /** How many further arguments the call would need to match; Infinity where none could help. */
  private lacks(call: CommandCall): number {
    if (this.programs && !this.programs.some((glob) => glob.matches(call.program))) return Infinity;
    if (this.via && !this.via.some((wrapper) => call.via.includes(wrapper))) return Infinity;
    const { options, operands, unknown } = argumentsOf(call);
    let lacking = this.options.filter(
      (spellings) => !spellings.some((s) => options.some((o) => spells(o, s))),
    ).length;
    const found =
      this.operands === null ||
      operands.some((operand) => operand !== null && matchesAny(this.operands, operand));
    if (!found) lacking++;
    return lacking + this.lacksFirst(operands, unknown);
  }

  private lacksFirst(operands: readonly (string | null)[], unknown: number): number {
    // An unquoted expansion among them may become any of them, or nothing.
    if (unknown === Infinity && operands.slice(0, this.first.length).includes(null)) return 1;
    let lacking = 0;
    for (const [at, expected] of this.first.entries()) {
      const operand = operands[at];
      if (operand === null) lacking++;
      else if (operand === undefined) lacking += unknown === Infinity ? 1 : Infinity;
      else if (operand !== expected) return Infinity;
    }
    return lacking;
  }
}

function unknownIn({ args, splits }: CommandCall): number {
  return splits ? Infinity : args.filter((arg) => arg === null).length;
}

function argumentsOf(call: CommandCall): Arguments {
  const valued = VALUE_OPTIONS[call.program] ?? [];
  const options: string[] = [];
  const operands: (string | null)[] = [];
  for (let at = 0; at < call.args.length; at++) {
    const arg = call.args[at] ?? null;
    if (arg === '--') {
      operands.push(...call.args.slice(at + 1));
      break;
    }
    if (arg?.startsWith('-') && arg !== '-') {
      options.push(arg);
      if (operands.length === 0 && valued.includes(arg)) at++;
    } else {
      operands.push(arg);
      // Of `/s` only the program can tell whether it is an option or a path.
      if (arg?.startsWith('/')) options.push(arg);
    }
  }
  return { options, operands, unknown: unknownIn(call) };
}

/** Whether an option is a spelling: also in a cluster (`-rf`), with a value, or shortened as GNU allows (`--recurs`). */
function spells(option: string, spelling: string): boolean {
  if (option === spelling) return true;
  if (spelling.startsWith('/'))
    return option
      .toLowerCase()
      .split(/(?=\/)/)
      .includes(spelling.toLowerCase());
  if (spelling.startsWith('--')) {
    const name = option.split('=', 1)[0] ?? '';
    return name.length > 2 && name.startsWith('--') && spelling.startsWith(name);
  }
  return spelling.length === 2 && /^-[^-]/.test(option) && option.includes(spelling.slice(1), 1);
}

function matchesAny(globs: readonly CommandGlob[] | null, text: string): boolean {
  if (!globs) return true;
  const plain = plainPath(text);
  return globs.some((glob) => glob.matches(text) || (plain !== text && glob.matches(plain)));
}

/** A path without `./`, doubled slashes, `x/..` and a trailing slash. */
function plainPath(text: string): string {
  if (!text.includes('/')) return text;
  const plain = posix.normalize(text).replace(/^\/\/+/, '/');
  return plain.length > 1 && plain.endsWith('/') ? plain.slice(0, -1) : plain;
}
