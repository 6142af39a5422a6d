import { jest } from '@jest/globals';
import type { Command } from 'commander';
import type { Ended } from './process.js';
import type { TestStore } from './store.js';

/** Runs a command of the command line in this process, on a store: for what a process of its own adds nothing to. */
export async function runHere(
  command: Command,
  args: readonly string[],
  store: TestStore,
): Promise<Omit<Ended, 'signal'>> {
  const said = { log: '', error: '' };
  const spies = (['log', 'error'] as const).map((to) =>
    jest.spyOn(console, to).mockImplementation((line) => void (said[to] += `${String(line)}\n`)),
  );
  const { DATABASE_URL: before } = process.env;
  process.env['DATABASE_URL'] = store.url;
  try {
    await command.parseAsync([...args], { from: 'user' });
    return { code: Number(process.exitCode ?? 0), stdout: said.log, stderr: said.error };
  } finally {
    process.exitCode = undefined;
    if (before === undefined) delete process.env['DATABASE_URL'];
    else process.env['DATABASE_URL'] = before;
    for (const spy of spies) spy.mockRestore();
  }
}
