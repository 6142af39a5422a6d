import {
  type Assignment,
  type Command,
  forEachChild,
  type ParsedScript,
  type Pipeline,
  parse,
  type Redirection,
  type SyntaxNode,
  type Word,
} from 'unbash';
import { isForkBomb } from './command-fork-bomb.js';
import { type Input, inputOf, printedBy, programName } from './command-input.js';
import type { CommandCall, CommandReading } from './command-reading.js';
import { refusalOfText } from './command-text.js';
import {
  type Argument,
  argumentsOf,
  assignmentArgument,
  fileNamesIn,
  knownBeginning,
  TooManyWords,
} from './command-words.js';
import type { Step } from './command-steps.js';
import { stepsOf } from './command-wrappers.js';

/** Why a command is not read at all. */
export class Refusal extends Error {}

/** Shells within shells: `sh -c "sh -c …"`. */
const MAX_SHELLS = 5;
/** Wrappers around one program. */
const MAX_WRAPPERS = 16;
/** Characters parsed in all: expansions and literal shells are parsed again at each level. */
const MAX_PARSED = 65_536;
/** Arguments of all calls, once braces are expanded. */
const MAX_ARGUMENTS = 16_384;
/** Variables whose value some program runs. */
const COMMAND_VARIABLE =
  /^(PROMPT_COMMAND|(GIT_)?(PAGER|EDITOR|SSH_COMMAND|ASKPASS)|GIT_SEQUENCE_EDITOR|VISUAL)$/;

/** Where in the command a node stands. */
interface Place {
  /** Wrappers around all of it. */
  readonly via: readonly string[];
  readonly shells: number;
}

/** Visits the whole syntax tree of one command and keeps what it would run, name and write. */
export class CommandReader {
  private readonly calls: CommandCall[] = [];
  private readonly words = new Set<string>();
  private readonly patterns = new Set<string>();
  private readonly written = new Set<string>();
  private readonly writtenUnder = new Set<string>();
  private opaque: string | null = null;
  private interpreted = false;
  private forkBomb = false;
  private parsed = 0;
  private count = 0;

  /** @throws Refusal; also RangeError or TypeError of the parser. */
  read(text: string): void {
    this.readText(text, { via: [], shells: 0 });
  }

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

  private readText(text: string, place: Place): void {
    const refusal = refusalOfText(text);
    if (refusal !== null) throw new Refusal(refusal);
    this.charge(text.length);
    this.visit(parse(text), place);
  }

  private charge(characters: number): void {
    this.parsed += characters;
    if (this.parsed > MAX_PARSED) throw new Refusal('the command is nested too deeply for its length');
  }

  private visit(node: SyntaxNode, place: Place): void {
    switch (node.type) {
      case 'Script':
        this.refuseErrors(node);
        break;
      case 'Pipeline':
        this.visitPipeline(node, place);
        return;
      case 'Function':
        if (isForkBomb(node)) this.forkBomb = true;
        this.refuseRecovered(node);
        break;
      case 'Coproc':
        this.refuseRecovered(node);
        break;
      case 'Command':
        this.visitCommand(node, place, undefined);
        return;
      case 'Word':
        this.expand(node);
        break;
      case 'Assignment':
        this.visitAssignment(node, place);
        break;
      case 'Redirect':
      case 'HereString':
      case 'HereDoc':
        this.visitRedirection(node, place);
        return;
      case 'CommandExpansion':
      case 'ProcessSubstitution':
      case 'ArithmeticCommandExpansion':
        // Its script is parsed on first access, so it is counted before.
        this.charge(node.text.length);
        if (!node.script) throw new Refusal('an expansion cannot be parsed');
        break;
      case 'ArithmeticExpansion':
        if (!node.expression && /[$`]/.test(node.text.slice(2)))
          throw new Refusal('arithmetic cannot be parsed');
        break;
      case 'ArithmeticCommand':
        if (!node.expression && /[$`]/.test(node.body)) throw new Refusal('arithmetic cannot be parsed');
        break;
      case 'Transform':
        // `${x@P}` expands the value as a prompt, commands included.
        if (node.operand.value === 'P') this.hide('a variable that is expanded as a prompt');
        break;
      case 'Unknown':
        throw new Refusal('an expansion has an operator that is not understood');
    }
    this.visitChildren(node, place);
  }

  private visitChildren(node: SyntaxNode, place: Place): void {
    forEachChild(node, (child) => this.visit(child, place));
  }

  private refuseErrors({ errors }: ParsedScript): void {
    const first = errors?.[0];
    if (first) throw new Refusal(`it is not correct bash: ${first.message}`);
  }

  private refuseRecovered({ body }: { body: { type: string } }): void {
    if (body.type === 'CompoundList') throw new Refusal('it is not correct bash: a body is missing');
  }

  /** What the left side is seen to print is what the right side reads. */
  private visitPipeline(node: Pipeline, place: Place): void {
    node.commands.forEach((command, at) => {
      const before = node.commands[at - 1];
      const input = before ? { text: printedBy(before), piped: true } : undefined;
      if (command.type === 'Command') this.visitCommand(command, place, input);
      else this.visit(command, place);
    });
  }

  private visitCommand(node: Command, place: Place, piped: Input | undefined): void {
    for (const child of node.prefix) this.visit(child, place);
    const args: Argument[] = [];
    for (const child of node.name ? [node.name, ...node.suffix] : node.suffix) {
      if (child.type === 'Word') {
        // Not `push(...)`: a command may have more words than a call may have arguments.
        for (const arg of this.argumentsOf(child)) args.push(arg);
        this.visitChildren(child, place);
      } else if (child.type === 'Assignment') {
        args.push(assignmentArgument(child));
        this.visit(child, place);
      } else this.visit(child, place);
    }
    // A program's name is no file that it is given, unless it is a path.
    args.forEach((arg, at) => {
      if (at > 0 || arg.pieces.some((piece) => piece.includes('/'))) this.keepNames(arg);
    });
    this.run(args, inputOf(node.redirects) ?? piped, place);
  }

  /** Follows wrappers until something is a program in its own right. */
  private run(args: readonly Argument[], input: Input | undefined, place: Place): void {
    const head = args[0];
    if (!head) return;
    if (head.value === null || head.pattern) {
      this.hide('which program runs is only known later');
      return;
    }
    if (place.via.length > MAX_WRAPPERS) {
      this.hide('a program behind too many wrappers');
      return;
    }
    const program = programName(head.value);
    const rest = args.slice(1);
    for (const step of stepsOf(program, rest, input)) this.take(step, program, rest, input, place);
  }

  private take(
    step: Step,
    program: string,
    args: readonly Argument[],
    input: Input | undefined,
    place: Place,
  ): void {
    const inner = { ...place, via: [...place.via, program] };
    if ('run' in step) this.run(step.run, input, inner);
    else if ('code' in step) this.runCode(step.code, inner, step.foreign === true);
    else if ('opaque' in step) this.hide(step.opaque);
    else if ('interpreted' in step) this.markInterpreted(args);
    else this.calls.push(toCall(program, args, place.via));
  }

  private runCode(code: string, place: Place, foreign: boolean): void {
    const shells = place.shells + 1;
    if (shells > MAX_SHELLS) {
      this.hide(`shells within shells, more than ${MAX_SHELLS} deep`);
      return;
    }
    try {
      this.readText(code, { ...place, shells });
    } catch (error) {
      if (!foreign || !(error instanceof Refusal)) throw error;
      this.hide('the text that a shell is given is not correct bash');
    }
  }

  private markInterpreted(args: readonly Argument[]): void {
    this.interpreted = true;
    // Code names files in its strings.
    for (const { pieces } of args) {
      for (const piece of pieces) {
        for (const [, name = ''] of piece.matchAll(/["'`]([^"'`\n]+)["'`]/g)) this.words.add(name);
      }
    }
  }

  private hide(reason: string): void {
    this.opaque ??= reason;
  }

  /** The arguments that a word becomes; the files that they may name are kept. */
  private expand(word: Word): Argument[] {
    const args = this.argumentsOf(word);
    for (const arg of args) this.keepNames(arg);
    return args;
  }

  private argumentsOf(word: Word): Argument[] {
    try {
      const args = argumentsOf(word);
      this.count += args.length;
      if (this.count <= MAX_ARGUMENTS) return args;
    } catch (error) {
      if (!(error instanceof TooManyWords)) throw error;
    }
    throw new Refusal('braces expand to too many words');
  }

  private keepNames({ pieces, value, pattern }: Argument): void {
    for (const piece of pieces) {
      for (const name of fileNamesIn(piece)) {
        this.words.add(name);
        if (pattern) this.patterns.add(name);
        // After an expansion comes a slash that is not the root: `$dir/.env`.
        if (value === null && /^\/+[^/]/.test(name)) this.words.add(name.replace(/^\/+/, ''));
      }
    }
  }

  private visitAssignment({ name, value }: Assignment, place: Place): void {
    if (value.type !== 'Word' || !COMMAND_VARIABLE.test(name)) return;
    const [assigned] = argumentsOf(value);
    if (assigned?.value)
      this.runCode(assigned.value, { ...place, via: [...place.via, name.toLowerCase()] }, true);
  }

  private visitRedirection(node: Redirection, place: Place): void {
    if (node.type === 'HereDoc') {
      if (!node.closing) throw new Refusal('it is not correct bash: unclosed heredoc');
      this.visit(node.body, place);
      return;
    }
    if (!node.target) throw new Refusal('it is not correct bash: a redirection without a target');
    const targets = this.expand(node.target);
    this.visitChildren(node.target, place);
    if (node.type === 'HereString' || node.operator === '<' || node.operator === '<&') return;
    if (node.target.parts?.[0]?.type === 'ProcessSubstitution') return;
    for (const { value, pieces } of targets) {
      const duplicates = node.operator === '>&' && (value === null || /^\d*-?$/.test(value));
      if (duplicates) continue;
      if (value === null) this.writtenUnder.add(knownBeginning(node.target, pieces));
      else this.written.add(value);
    }
  }
}

function toCall(program: string, args: readonly Argument[], via: readonly string[]): CommandCall {
  return {
    program,
    args: args.map(({ value }) => value),
    splits: args.some(({ value, many }) => value === null && many),
    via,
  };
}
