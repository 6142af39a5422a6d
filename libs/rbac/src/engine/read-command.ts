import { CommandReader } from './command-reader.js';
import type { CommandResult } from './command-reading.js';
import { CommandWork, Refusal } from './command-work.js';

/**
 * Reads a bash command without running it. What is not plainly in order (syntax errors, control characters, too long,
 * too many expansions) is refused with a reason. It catches mistakes, not adversaries: what a program does with its
 * arguments, and what a script holds, is not seen.
 * @param work counts what it takes; for one command only.
 */
export function readCommand(command: string, work = new CommandWork()): CommandResult {
  const reader = new CommandReader(work);
  try {
    reader.read(command);
  } catch (error) {
    if (error instanceof Refusal) return { refused: error.message };
    // The parser and the visit recurse; a node that is new to us is a TypeError.
    if (error instanceof RangeError) return { refused: 'the command is nested too deeply' };
    if (error instanceof TypeError) return { refused: 'the command has syntax that is not understood' };
    throw error;
  }
  return reader.reading();
}
