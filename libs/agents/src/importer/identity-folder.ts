import { constants, type Dirent } from 'node:fs';
import { open, readdir, realpath, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { type IdentityFileResult, parseIdentityFile } from './identity-file.js';
import type { RoleFacts } from './role-derivation.js';

export interface IdentityFolderOptions {
  strict?: boolean;
  /** Called after each file; `total` is known from the first call on. */
  onProgress?: (done: number, total: number) => void;
}

const MAX_FILE_BYTES = 1024 * 1024;
const CONCURRENT_READS = 32;
/** Never a place for a user's agents, and large. */
const SKIPPED_FOLDERS: ReadonlySet<string> = new Set(['.git', 'node_modules']);

type Refusal = Extract<IdentityFileResult, { status: 'refused' }>;
/** A file by the path it is reported under and the real one it is read from, or what is known without reading. */
type Found = { readonly path: string; readonly realPath: string } | IdentityFileResult;

/**
 * Reads every `*.md` file under a folder, sorted by path (by code unit). Links to places outside the folder are left
 * out, and no folder or file is read twice. Files over 1 MiB and files that cannot be read are refused.
 * @throws the file system's error if `root` itself cannot be read.
 */
export async function readIdentityFolder(
  root: string,
  facts: RoleFacts,
  options: IdentityFolderOptions = {},
): Promise<IdentityFileResult[]> {
  const found = await new FolderWalk(await realpath(root)).walk();
  const results = new Array<IdentityFileResult>(found.length);
  let next = 0;
  let done = 0;
  const work = async (): Promise<void> => {
    for (let index = next++; index < found.length; index = next++) {
      const file = found[index];
      if (file === undefined) return;
      results[index] = await readFound(file, facts, options.strict ?? false);
      done += 1;
      options.onProgress?.(done, found.length);
    }
  };
  await Promise.all(Array.from({ length: CONCURRENT_READS }, work));
  return results;
}

class FolderWalk {
  private readonly found: Found[] = [];
  private readonly seenFolders = new Set<string>();
  private readonly links: { readonly path: string; readonly realPath: string }[] = [];

  constructor(private readonly root: string) {}

  async walk(): Promise<Found[]> {
    this.seenFolders.add(this.root);
    await this.enter(await readdir(this.root, { withFileTypes: true }), this.root, '');
    this.addLinkedFiles();
    return this.found.sort((a, b) => compare(a.path, b.path));
  }

  private async enter(entries: readonly Dirent[], folder: string, prefix: string): Promise<void> {
    // Sorted, so that the same one of two ways into a folder is taken on every run; real folders before links to them.
    const ordered = [...entries].sort(
      (a, b) => Number(a.isSymbolicLink()) - Number(b.isSymbolicLink()) || compare(a.name, b.name),
    );
    for (const entry of ordered) {
      const path = prefix + entry.name;
      const realPath = join(folder, entry.name);
      if (entry.isDirectory()) await this.enterFolder(path, realPath, entry.name);
      else if (entry.isSymbolicLink()) await this.followLink(path, realPath);
      else if (entry.isFile() && isMarkdown(entry.name)) this.found.push({ path, realPath });
    }
  }

  private async enterFolder(path: string, realPath: string, name: string): Promise<void> {
    if (SKIPPED_FOLDERS.has(name) || this.seenFolders.has(realPath)) return;
    this.seenFolders.add(realPath);
    try {
      await this.enter(await readdir(realPath, { withFileTypes: true }), realPath, `${path}/`);
    } catch (error) {
      this.found.push(unreadable(path, error));
    }
  }

  private async followLink(path: string, link: string): Promise<void> {
    try {
      const target = await realpath(link);
      const kind = await stat(target);
      if (!kind.isDirectory() && !isMarkdown(path)) return;
      if (target !== this.root && !target.startsWith(this.root.endsWith(sep) ? this.root : this.root + sep)) {
        this.found.push({ status: 'left_out', path, reason: 'a link that leaves the folder' });
      } else if (kind.isFile()) {
        this.links.push({ path, realPath: target });
      } else if (kind.isDirectory()) {
        // Whatever lies inside the folder is reached by its own path.
        this.found.push({
          status: 'left_out',
          path,
          reason: 'a link to a folder that is read by its own path',
        });
      }
    } catch (error) {
      if (isMarkdown(path)) this.found.push(unreadable(path, error));
    }
  }

  private addLinkedFiles(): void {
    const read = new Set(this.found.flatMap((file) => ('realPath' in file ? [file.realPath] : [])));
    for (const link of this.links.sort((a, b) => compare(a.path, b.path))) {
      if (read.has(link.realPath)) {
        this.found.push({
          status: 'left_out',
          path: link.path,
          reason: 'a link to a file that is read already',
        });
      } else {
        read.add(link.realPath);
        this.found.push(link);
      }
    }
  }
}

async function readFound(file: Found, facts: RoleFacts, strict: boolean): Promise<IdentityFileResult> {
  if ('status' in file) return file;
  const { path, realPath } = file;
  let bytes: Uint8Array | null;
  try {
    bytes = await readBounded(realPath);
  } catch (error) {
    return unreadable(path, error);
  }
  if (bytes === null) return refusal(path, 'larger than 1 MiB');
  return parseIdentityFile(path, bytes, facts, { strict });
}

/** The file's bytes, or null if there are more than allowed. It may change while it is read, so only its bytes count. */
async function readBounded(realPath: string): Promise<Uint8Array | null> {
  // Between walk and read the file may have become a link or a pipe.
  const handle = await open(realPath, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const { size } = await handle.stat();
    if (size > MAX_FILE_BYTES) return null;
    const bytes = Buffer.allocUnsafe(size + 1);
    let length = 0;
    while (length < bytes.length) {
      const { bytesRead } = await handle.read(bytes, length, bytes.length - length, length);
      if (bytesRead === 0) break;
      length += bytesRead;
    }
    return length > MAX_FILE_BYTES ? null : bytes.subarray(0, length);
  } finally {
    await handle.close();
  }
}

function isMarkdown(name: string): boolean {
  return name.toLowerCase().endsWith('.md');
}

function refusal(path: string, reason: string): Refusal {
  return { status: 'refused', path, line: 1, reason };
}

function unreadable(path: string, error: unknown): Refusal {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
  return refusal(path, `cannot be read (${code})`);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
