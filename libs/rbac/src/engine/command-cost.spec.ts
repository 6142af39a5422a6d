import { describe, expect, it } from '@jest/globals';
import { SHAPES } from '../../../../test/bench/commands/shapes.mjs';
import type { CommandResult } from './command-reading.js';
import { readCommand } from './read-command.js';
import { MAX_COMMAND_BYTES } from './command-text.js';
import { CommandWork } from './command-work.js';

function workOf(command: string): { work: CommandWork; result: CommandResult } {
  const work = new CommandWork();
  const result = readCommand(command, work);
  return { work, result };
}

const shape = (name: string): string => {
  const command = SHAPES[name];
  if (command === undefined) throw new Error(`There is no shape ${name}.`);
  return command;
};

// How long each takes is for the benchmark to say; here what is done is counted, which no busy machine changes.
describe('the work of reading a command of legal size', () => {
  it.each(Object.entries(SHAPES))('has an end: %s', (_name, command) => {
    expect(Buffer.byteLength(command)).toBeLessThanOrEqual(MAX_COMMAND_BYTES);
    const { work } = workOf(command);
    expect(work.characters).toBeLessThanOrEqual(4 * MAX_COMMAND_BYTES);
    expect(work.texts).toBeLessThanOrEqual(1_024);
    expect(work.words).toBeLessThanOrEqual(16_384);
    expect(work.programs).toBeLessThanOrEqual(4_096);
  });

  it.each([
    ['words', 1],
    ['different lines', 1],
    ['all operators as statements', 1],
    ['all operators as pipes', 1],
    ['an array', 1],
    ['brace lists', 1],
    ['sixty-four heredocs', 1],
    ['a heredoc of four thousand programs', 2],
    ['all operators in a shell', 2],
    ['all operators in an eval', 2],
    ['all operators printed into a shell', 2],
    ['sixty-four heredocs of shells', 65],
  ])('parses no text twice: %s', (name, texts) => {
    const { work, result } = workOf(shape(name));
    expect(result).not.toHaveProperty('refused');
    expect(work.texts).toBe(texts);
    expect(work.characters).toBeLessThanOrEqual(Math.min(texts, 2) * shape(name).length);
  });

  it('parses a shell within a shell once for each level', () => {
    const { work } = workOf(shape('shells in shells'));
    expect(work.texts).toBe(5);
    expect(work.characters).toBeLessThan(5 * shape('shells in shells').length);
  });

  it('parses what braces give once, where it is also what a shell reads', () => {
    // The command, the word with braces, what the shell reads.
    expect(workOf(`echo {a,b}'x' | sh`).work.texts).toBe(3);
  });

  it('counts a script within a script once for each level', () => {
    const command = `echo $(${'a '.repeat(100)}$(${'b '.repeat(100)}))`;
    const inner = 'b '.repeat(100).length;
    const { work } = workOf(command);
    expect(work.texts).toBe(1);
    expect(work.characters).toBe(command.length + (command.length - 'echo '.length) + inner + '$()'.length);
  });

  it.each([
    ['programs', (count: number) => 'a\n'.repeat(count), 4_096, /more than 4096 programs/],
    ['programs of a shell', (count: number) => `sh <<A\n${'a\n'.repeat(count)}A\n`, 4_095, /4096 programs/],
    ['evaluated texts', (count: number) => 'eval a\n'.repeat(count), 1_023, /more than 1024 words/],
    ['assigned commands', (count: number) => 'PAGER=a '.repeat(count), 1_023, /more than 1024 words/],
    ['lists to parse', (count: number) => `: ${'{a,*} '.repeat(count)}`, 1_023, /more than 1024 words/],
    ['words of braces', (count: number) => `: ${`${'{a,b}'.repeat(6)} `.repeat(count)}`, 255, /16384 words/],
    ['words handed on', (count: number) => `sudo env ${'a '.repeat(count)}`, 5_460, /more than 16384 words/],
    [
      'levels',
      (count: number) => `${'$('.repeat(count)}${'a '.repeat(8_000)}${'\n)'.repeat(count)}`,
      3,
      /more than 65536 characters/,
    ],
  ])('ends at a limit: %s', (_what, command, most, reason) => {
    expect(readCommand(command(most))).not.toHaveProperty('refused');
    expect(readCommand(command(most + 1))).toEqual({ refused: expect.stringMatching(reason) });
  });

  it.each([['git bisects'], ['git modules'], ['sixteen wrappers of words'], ['brace lists parsed again']])(
    'refuses what grows faster than its text: %s',
    (name) => {
      expect(readCommand(shape(name))).toHaveProperty('refused');
    },
  );
});
