import {
  type Assignment,
  type Command,
  forEachChild,
  type ParsedScript,
  type Pipeline,
  type Redirection,
  type SyntaxNode,
  type Word,
} from 'unbash';
import { isForkBomb } from './command-fork-bomb.js';
import { type Input, inputOf, printedBy, programName } from './command-input.js';
import { CommandFindings } from './command-findings.js';
import type { CommandReading } from './command-reading.js';
import { refusalOfText } from './command-text.js';
import {
  type Argument,
  argumentsOf,
  assignmentArgument,
  knownBeginning,
  TooManyWords,
} from './command-words.js';
import type { Step } from './command-steps.js';
import { type CommandWork, Refusal, TooMuchWork } from './command-work.js';
import { stepsOf } from './command-wrappers.js';

/** Shells within shells: `sh -c "sh -c …"`. */
const MAX_SHELLS = 5;
/** Wrappers around one program. */
const MAX_WRAPPERS = 16;
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
  private readonly findings = new CommandFindings();
  /** Of words that are more than plain text: what a pipe hands on is read from both its sides. */
  private readonly argumentsByWord = new Map<Word, readonly Argument[]>();

  constructor(private readonly work: CommandWork) {}

  /** @throws Refusal; also RangeError or TypeError of the parser. */
  read(text: string): void {
    this.readText(text, { via: [], shells: 0 });
  }

  reading(): CommandReading {
    return this.findings.reading();
  }

  private readText(text: string, place: Place): void {
    const refusal = refusalOfText(text);
    if (refusal !== null) throw new Refusal(refusal);
    this.visit(this.work.parse(text), place);
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
        if (isForkBomb(node)) this.findings.forkBomb = true;
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
        this.work.addCharacters(node.text.length);
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
        if (node.operand.value === 'P') this.findings.hide('a variable that is expanded as a prompt');
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
      const input = before ? { text: printedBy(before, this.argumentsOf), piped: true } : undefined;
      if (command.type === 'Command') this.visitCommand(command, place, input);
      else this.visit(command, place);
    });
  }

  private visitCommand(node: Command, place: Place, piped: Input | undefined): void {
    for (const child of node.prefix) this.visit(child, place);
    const args: Argument[] = [];
    if (node.name) this.addArguments(node.name, place, args);
    let redirected = node.prefix.length > 0;
    for (const child of node.suffix) {
      if (child.type === 'Word') this.addArguments(child, place, args);
      else {
        if (child.type === 'Assignment') args.push(assignmentArgument(child, this.argumentsOf));
        else redirected = true;
        this.visit(child, place);
      }
    }
    // A program's name is no file that it is given, unless it is a path.
    args.forEach((arg, at) => {
      if (at > 0 || arg.pieces.some((piece) => piece.includes('/'))) this.findings.keepNames(arg);
    });
    this.run(args, (redirected ? inputOf(node.redirects, this.argumentsOf) : undefined) ?? piped, place);
  }

  private addArguments(word: Word, place: Place, args: Argument[]): void {
    // Not `push(...)`: a command may have more words than a call may have arguments.
    const given = this.argumentsOf(word);
    this.work.addWords(given.length);
    for (const arg of given) args.push(arg);
    this.visitChildren(word, place);
  }

  /** Follows wrappers until something is a program in its own right. */
  private run(args: readonly Argument[], input: Input | undefined, place: Place): void {
    const head = args[0];
    if (!head) return;
    this.work.addProgram();
    if (head.value === null || head.pattern) {
      this.findings.hide('which program runs is only known later');
      return;
    }
    if (place.via.length > MAX_WRAPPERS) {
      this.findings.hide('a program behind too many wrappers');
      return;
    }
    const program = programName(head.value);
    const rest = args.slice(1);
    // Each is taken before the next is made, so that what is too much is not even made.
    for (const step of stepsOf(program, rest, input)) this.take(step, program, rest, input, place);
  }

  private take(
    step: Step,
    program: string,
    args: readonly Argument[],
    input: Input | undefined,
    place: Place,
  ): void {
    if ('run' in step) {
      this.work.addWords(step.run.length);
      this.run(step.run, input, within(place, program));
    } else if ('code' in step) this.runCode(step.code, within(place, program), step.foreign === true);
    else if ('opaque' in step) this.findings.hide(step.opaque);
    else if ('interpreted' in step) this.findings.keepCode(args);
    else this.findings.keepCall(program, args, place.via);
  }

  private runCode(code: string, place: Place, foreign: boolean): void {
    const shells = place.shells + 1;
    if (shells > MAX_SHELLS) {
      this.findings.hide(`shells within shells, more than ${MAX_SHELLS} deep`);
      return;
    }
    try {
      this.readText(code, { ...place, shells });
    } catch (error) {
      if (!foreign || !(error instanceof Refusal) || error instanceof TooMuchWork) throw error;
      this.findings.hide('the text that a shell is given is not correct bash');
    }
  }

  /** The arguments that a word becomes; the files that they may name are kept. */
  private expand(word: Word): readonly Argument[] {
    const args = this.argumentsOf(word);
    this.work.addWords(args.length);
    for (const arg of args) this.findings.keepNames(arg);
    return args;
  }

  private readonly argumentsOf = (word: Word): readonly Argument[] => {
    const known = this.argumentsByWord.get(word);
    if (known) return known;
    try {
      const args = argumentsOf(word, this.work);
      if (word.parts) this.argumentsByWord.set(word, args);
      return args;
    } catch (error) {
      if (error instanceof TooManyWords) throw new Refusal('braces expand to too many words');
      throw error;
    }
  };

  private visitAssignment({ name, value }: Assignment, place: Place): void {
    if (value.type !== 'Word' || !COMMAND_VARIABLE.test(name)) return;
    const [assigned] = this.argumentsOf(value);
    if (assigned?.value) this.runCode(assigned.value, within(place, name.toLowerCase()), true);
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
      if (value === null) this.findings.writtenUnder.add(knownBeginning(node.target, pieces));
      else this.findings.written.add(value);
    }
  }
}

const within = ({ via, shells }: Place, wrapper: string): Place => ({ via: [...via, wrapper], shells });
