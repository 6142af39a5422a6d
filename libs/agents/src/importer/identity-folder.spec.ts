import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { readIdentityFolder } from './identity-folder.js';
import type { RoleFacts } from './role-derivation.js';

const FACTS: RoleFacts = { roles: ['developer', 'tester'], typicalAgents: new Map() };
const MIB = 1024 * 1024;

let base: string;
let root: string;

beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'identity-folder-'));
  root = join(base, 'agents');
  await mkdir(root);
});

afterEach(async () => {
  await rm(base, { recursive: true, force: true });
});

async function file(path: string, text: string): Promise<void> {
  await mkdir(dirname(join(root, path)), { recursive: true });
  await writeFile(join(root, path), text);
}

function agent(name: string): string {
  return ['---', `name: ${name}`, 'identity:', '  role: tester', '---', ''].join('\n');
}

async function statuses(): Promise<string[]> {
  return (await readIdentityFolder(root, FACTS)).map(({ path, status }) => `${path} ${status}`);
}

describe('reading a folder', () => {
  it('finds Markdown files at every depth, sorted by path, and nothing else', async () => {
    await file('b.md', agent('b'));
    await file('a/z.md', agent('z'));
    await file('a/deep/er/y.MD', agent('y'));
    await file('a.md', agent('a'));
    await file('notes.txt', agent('notes'));
    await file('node_modules/p/README-not.md', agent('p'));
    await file('.git/x.md', agent('x'));
    expect(await statuses()).toEqual(['a.md agent', 'a/deep/er/y.MD agent', 'a/z.md agent', 'b.md agent']);
  });

  it('takes a file of 1 MiB and refuses a larger one', async () => {
    await file('fits.md', agent('fits').padEnd(MIB, 'x'));
    await file('over.md', agent('over').padEnd(MIB + 1, 'x'));
    const results = await readIdentityFolder(root, FACTS);
    expect(results.map(({ status }) => status)).toEqual(['agent', 'refused']);
    expect(results[1]).toMatchObject({ line: 1, reason: 'larger than 1 MiB' });
  });

  it('does not follow links that leave the folder', async () => {
    await mkdir(join(base, 'agents-beside'));
    await writeFile(join(base, 'agents-beside', 'secret.md'), agent('secret'));
    await symlink(join(base, 'agents-beside', 'secret.md'), join(root, 'file.md'));
    await symlink(join(base, 'agents-beside'), join(root, 'folder'));
    await symlink('..', join(root, 'up'));
    const results = await readIdentityFolder(root, FACTS);
    expect(results.map(({ path, status }) => [path, status])).toEqual([
      ['file.md', 'left_out'],
      ['folder', 'left_out'],
      ['up', 'left_out'],
    ]);
    expect(results[0]).toMatchObject({ reason: 'a link that leaves the folder' });
  });

  it('reads what links inside the folder point to once, and survives loops', async () => {
    await file('sub/real.md', agent('real'));
    await file('sub/text.txt', agent('linked'));
    await symlink('sub/real.md', join(root, 'again.md'));
    await symlink('sub/text.txt', join(root, 'linked.md'));
    await symlink('..', join(root, 'sub', 'loop'));
    await symlink('nowhere.md', join(root, 'broken.md'));
    expect(await statuses()).toEqual([
      'again.md left_out',
      'broken.md refused',
      'linked.md agent',
      'sub/loop left_out',
      'sub/real.md agent',
    ]);
  });

  it('takes a root that is a link itself', async () => {
    await file('a.md', agent('a'));
    await symlink(root, join(base, 'link'));
    expect(await readIdentityFolder(join(base, 'link'), FACTS)).toHaveLength(1);
  });

  it('goes on after a file that cannot be read', async () => {
    await file('a.md', agent('a'));
    await file('b.md', agent('b'));
    await chmod(join(root, 'a.md'), 0);
    // Root may read everything, so only others see the refusal.
    const expected = process.getuid?.() === 0 ? 'a.md agent' : 'a.md refused';
    expect(await statuses()).toEqual([expected, 'b.md agent']);
  });

  it('throws for a root that is not there', async () => {
    await expect(readIdentityFolder(join(root, 'none'), FACTS)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('reports progress once a file and passes strict on', async () => {
    await file('a.md', agent('a'));
    await file('b.md', '# Heading');
    const calls: [number, number][] = [];
    const onProgress = (done: number, total: number): void => void calls.push([done, total]);
    const results = await readIdentityFolder(root, FACTS, { strict: true, onProgress });
    expect(calls).toEqual([
      [1, 2],
      [2, 2],
    ]);
    expect(results.map(({ status }) => status)).toEqual(['agent', 'left_out']);
  });
});
