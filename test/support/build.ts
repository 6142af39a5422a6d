import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { eventually } from './eventually.js';

export const PROJECT = fileURLToPath(new URL('../../', import.meta.url));
const BUILT = ['api', 'cli'].map((app) => join(PROJECT, `dist/apps/${app}/src/main.js`));
const SOURCES = ['apps', 'libs', 'ormconfig.ts', 'package.json', 'tsconfig.json'];
const LOCK = join(PROJECT, 'dist/.building');

function newest(path: string): number {
  const entry = statSync(path);
  if (!entry.isDirectory()) return /\.spec\.ts$|-spec\.ts$/.test(path) ? 0 : entry.mtimeMs;
  return Math.max(0, ...readdirSync(path).map((name) => newest(join(path, name))));
}

function isStale(): boolean {
  if (!BUILT.every((file) => existsSync(file))) return true;
  const built = Math.min(...BUILT.map((file) => statSync(file).mtimeMs));
  return SOURCES.some((path) => newest(join(PROJECT, path)) > built);
}

/** Builds the applications where a source is newer than they are. Of several workers one builds, the others wait. */
export async function build(): Promise<void> {
  if (!isStale()) return;
  mkdirSync(join(PROJECT, 'dist'), { recursive: true });
  try {
    mkdirSync(LOCK);
  } catch {
    await eventually(
      `${LOCK} to be gone; remove it where no build is running`,
      () => !existsSync(LOCK),
      120_000,
    );
    return build();
  }
  try {
    // The compiler writes nothing for files that it finds unchanged, and age is what decides here.
    for (const file of BUILT) rmSync(file, { force: true });
    for (const app of ['api', 'cli']) rmSync(join(PROJECT, `dist/${app}.tsbuildinfo`), { force: true });
    await promisify(execFile)('npx', ['nest', 'build', '--all'], { cwd: PROJECT });
  } finally {
    rmSync(LOCK, { recursive: true });
  }
}
