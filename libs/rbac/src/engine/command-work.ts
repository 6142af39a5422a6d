import { type ParsedScript, parse } from 'unbash';

/** Why a command is not read at all. */
export class Refusal extends Error {}

/** It is too much work, whatever it says. */
export class TooMuchWork extends Refusal {}

/** Characters parsed in all: expansions and literal shells are parsed again at each level. */
const MAX_CHARACTERS = 65_536;
/** Texts that are parsed by themselves: code for shells, words that braces give. */
const MAX_TEXTS = 1_024;
/** Words of all programs: once braces are expanded, and again for each wrapper that hands them on. */
const MAX_WORDS = 16_384;
/** Programs, wrappers too. */
const MAX_PROGRAMS = 4_096;

/** What the reading of one command took so far. All parsing goes through it, so that it has an end. */
export class CommandWork {
  private parsed = 0;
  private begun = 0;
  private handed = 0;
  private run = 0;

  get characters(): number {
    return this.parsed;
  }

  get texts(): number {
    return this.begun;
  }

  get words(): number {
    return this.handed;
  }

  get programs(): number {
    return this.run;
  }

  /** @throws TooMuchWork where that is too much; also RangeError or TypeError of the parser. */
  parse(text: string): ParsedScript {
    if (this.begun === MAX_TEXTS)
      throw new TooMuchWork(`the command has more than ${MAX_TEXTS} words that are parsed by themselves`);
    this.addCharacters(text.length);
    this.begun += 1;
    return parse(text);
  }

  /** For a script within the tree, which is parsed on first access. @throws TooMuchWork */
  addCharacters(count: number): void {
    if (this.parsed + count > MAX_CHARACTERS) {
      throw new TooMuchWork(
        `the command, with all that is nested in it, has more than ${MAX_CHARACTERS} characters`,
      );
    }
    this.parsed += count;
  }

  /** @throws TooMuchWork */
  addWords(count: number): void {
    if (this.handed + count > MAX_WORDS)
      throw new TooMuchWork(`the command has more than ${MAX_WORDS} words`);
    this.handed += count;
  }

  /** @throws TooMuchWork */
  addProgram(): void {
    if (this.run === MAX_PROGRAMS)
      throw new TooMuchWork(`the command runs more than ${MAX_PROGRAMS} programs`);
    this.run += 1;
  }
}
