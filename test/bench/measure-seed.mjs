// @ts-check
/** Measures how long a folder of identity files takes into an empty registry, by the command that people use. */
import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { makeTempDir, removeTempDir, startProgram, stop } from './children.mjs';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const IDENTITY_FILES = join(ROOT, 'data/agents');
/** By row: how many files; null for those of `data/agents` as they are. */
const FILES = { seed: null, 'seed-10000': 10_000 };

/**
 * @param {string} id of a seed row
 * @param {{ entry: string }} options
 * @returns {Promise<import('./report.mjs').Figures>} worst: the import itself; the note tells the whole process
 */
export async function measureSeed(id, { entry }) {
  const dir = await makeTempDir();
  try {
    const count = FILES[/** @type {keyof typeof FILES} */ (id)];
    const folder = count === null ? IDENTITY_FILES : await writeCopies(join(dir, 'agents'), count);
    return await seed(folder, dir, join(ROOT, entry, '../../../cli/src/main.js'));
  } finally {
    await removeTempDir(dir);
  }
}

/**
 * @param {string} folder
 * @param {string} dir of the store
 * @param {string} cli the compiled file
 * @returns {Promise<import('./report.mjs').Figures>}
 */
async function seed(folder, dir, cli) {
  const begun = performance.now();
  const child = startProgram(cli, {
    args: ['seed', '--from', folder, '--trust', '--json'],
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      DATABASE_URL: `sqlite:${join(dir, 'bench.sqlite')}`,
      AUDIT_KEY_FILE: join(dir, 'audit-key.pem'),
      SINK_KEY_FILE: join(dir, 'sink-key'),
    },
  });
  const { stdout, stderr } = child;
  if (!stdout || !stderr) throw new Error('the command has no output');
  const [out, err] = await Promise.all([text(stdout), text(stderr)]);
  const wholeMs = performance.now() - begun;
  await stop(child);
  if (!out) throw new Error(`the command said: ${err.trim()}`);
  const { added, files, duration_ms } = JSON.parse(out);
  return {
    rate: (added / duration_ms) * 1000,
    ...{ p50: null, p99: null, worst: duration_ms },
    note: `${added} agents; the whole command, which makes the store: ${(wholeMs / 1000).toFixed(1)} s`,
    errors: added === files.length ? [] : [`${files.length - added} of ${files.length} files were not added`],
  };
}

/**
 * @param {string} folder
 * @param {number} count
 * @returns {Promise<string>} the folder, with copies of the identity files, each of an agent of its own
 */
async function writeCopies(folder, count) {
  const paths = (await readdir(IDENTITY_FILES, { recursive: true })).filter((path) => path.endsWith('.md'));
  const originals = await Promise.all(
    paths.map(async (path) => ({
      name: basename(path),
      content: await readFile(join(IDENTITY_FILES, path), 'utf8'),
    })),
  );
  for (let begin = 0, copy = 0; begin < count; begin += originals.length, copy += 1) {
    const part = join(folder, String(copy));
    await mkdir(part, { recursive: true });
    const files = originals.slice(0, count - begin);
    await Promise.all(files.map(({ name, content }) => writeFile(join(part, name), asCopy(content, copy))));
  }
  return folder;
}

/**
 * @param {string} content
 * @param {number} copy
 */
function asCopy(content, copy) {
  return content
    .replace(/^name: .*/m, (line) => `${line}-${copy}`)
    .replace(/^( +agent_id: ).*/m, (_, key) => `${key}${randomUUID()}`);
}
