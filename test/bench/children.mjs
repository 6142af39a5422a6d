// @ts-check
/** Child processes and temporary directories, and the promise that none outlives the run. */
import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const FIRST_MESSAGE_MS = 15_000;
const GRACE_MS = 10_000;

/** @type {Set<import('node:child_process').ChildProcess>} */
const running = new Set();
/** @type {Set<string>} */
const tempDirs = new Set();
let interrupted = false;

/** Whether a signal asked the run to end; from then on no child is started. */
export const wasInterrupted = () => interrupted;

/** @param {() => import('node:child_process').ChildProcess} start */
function startTracked(start) {
  if (interrupted) throw new Error('interrupted');
  const child = start();
  running.add(child);
  child.once('exit', () => running.delete(child));
  return child;
}

/**
 * Starts a script of this benchmark and waits for the first message it sends.
 * @param {URL} script
 * @param {(string | number)[]} [args]
 * @param {number} [waitMs]
 * @returns {Promise<{ child: import('node:child_process').ChildProcess, message: any }>}
 * @throws {Error} if the script ends or stays silent
 */
export async function startScript(script, args = [], waitMs = FIRST_MESSAGE_MS) {
  const child = startTracked(() => fork(fileURLToPath(script), args.map(String), { execArgv: [] }));
  const signal = AbortSignal.timeout(waitMs);
  const ended = once(child, 'exit', { signal }).then(([code, killedBy]) => {
    throw new Error(
      `${script.pathname.split('/').at(-1)} ended with ${code ?? killedBy} before it was ready`,
    );
  });
  // The losing promise of the race rejects later, when nobody listens any more.
  ended.catch(() => {});
  const [message] = await Promise.race([once(child, 'message', { signal }), ended]);
  return { child, message };
}

/**
 * @param {string} file a Node.js program
 * @param {import('node:child_process').SpawnOptions & { args?: string[] }} options
 */
export function startProgram(file, { args = [], ...options }) {
  return startTracked(() => spawn(process.execPath, [file, ...args], options));
}

/**
 * SIGTERM, then SIGKILL for what does not go in time.
 * @param {import('node:child_process').ChildProcess} child
 * @returns {Promise<boolean>} true if it went by itself
 */
export async function stop(child) {
  if (child.exitCode !== null || child.signalCode !== null) return true;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), GRACE_MS);
  await exited;
  clearTimeout(timer);
  return child.signalCode !== 'SIGKILL';
}

/** @returns {Promise<string>} */
export async function makeTempDir() {
  const dir = await mkdtemp(join(tmpdir(), 'bench-'));
  tempDirs.add(dir);
  return dir;
}

/** @param {string} dir made by makeTempDir */
export async function removeTempDir(dir) {
  await rm(dir, { recursive: true, force: true });
  tempDirs.delete(dir);
}

/** Ends every child and removes every temporary directory. */
export async function cleanUp() {
  await Promise.all([...running].map((child) => stop(child)));
  await Promise.all([...tempDirs].map((dir) => removeTempDir(dir)));
}

/** Makes an interrupt, or an exit that skipped cleanUp, leave nothing behind. */
export function cleanUpOnExit() {
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
    process.once(signal, () => {
      interrupted = true;
      cleanUp().finally(() => process.exit(130));
    });
  }
  process.on('exit', () => {
    for (const child of running) child.kill('SIGKILL');
    for (const dir of tempDirs) rmSync(dir, { recursive: true, force: true });
  });
}
