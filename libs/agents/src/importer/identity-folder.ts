import { constants, type Dirent } from 'node:fs';
import { open, readdir, realpath, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { type IdentityFileResult, parseWithLines } from './identity-file.js';
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
type Outcome = { readonly result: IdentityFileResult; readonly nameLine: number; readonly idLine: number };

/**
 * Reads every `*.md` file under a folder, sorted by path (by code unit). Links to places outside the folder are left
 * out, and no folder or file is read twice. Files over 1 MiB and files that cannot be read are refused. Of two files
 * with one name or one id the first by path is taken, the second refused.
 * @throws the file system's error if `root` itself cannot be read.
 */
export async function readIdentityFolder(
  root: string,
  facts: RoleFacts,
  options: IdentityFolderOptions = {},
): Promise<IdentityFileResult[]> {
  const found = await new FolderWalk(await realpath(root)).walk();
  const outcomes = new Array<Outcome>(found.length);
  let next = 0;
  let done = 0;
  const work = async (): Promise<void> => {
    for (let index = next++; index < found.length; index = next++) {
      const file = found[index];
      if (file === undefined) return;
      outcomes[index] = await readFound(file, facts, options.strict ?? false);
      done += 1;
      options.onProgress?.(done, found.length);
    }
  };
  await Promise.all(Array.from({ length: CONCURRENT_READS }, work));
  return refuseDuplicates(outcomes);
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

async function readFound(file: Found, facts: RoleFacts, strict: boolean): Promise<Outcome> {
  if ('status' in file) return { result: file, nameLine: 1, idLine: 1 };
  const { path, realPath } = file;
  let bytes: Uint8Array | null;
  try {
    bytes = await readBounded(realPath);
  } catch (error) {
    return { result: unreadable(path, error), nameLine: 1, idLine: 1 };
  }
  if (bytes === null) return { result: refusal(path, 1, 'larger than 1 MiB'), nameLine: 1, idLine: 1 };
  const parsed = parseWithLines(path, bytes, facts, { strict });
  if (parsed.status !== 'agent') return { result: { path, ...parsed }, nameLine: 1, idLine: 1 };
  const { agent, notes, nameLine, idLine } = parsed.built;
  return { result: { status: 'agent', path, agent, notes }, nameLine, idLine };
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

function refuseDuplicates(outcomes: readonly Outcome[]): IdentityFileResult[] {
  const pathByName = new Map<string, string>();
  const pathById = new Map<string, string>();
  return outcomes.map(({ result, nameLine, idLine }) => {
    if (result.status !== 'agent') return result;
    const { name, agentId } = result.agent;
    const sameName = pathByName.get(name);
    if (sameName !== undefined)
      return refusal(result.path, nameLine, `duplicate of ${sameName}: name "${name}"`);
    const sameId = pathById.get(agentId);
    if (sameId !== undefined)
      return refusal(result.path, idLine, `duplicate of ${sameId}: agent_id ${agentId}`);
    pathByName.set(name, result.path);
    pathById.set(agentId, result.path);
    return result;
  });
}

function isMarkdown(name: string): boolean {
  return name.toLowerCase().endsWith('.md');
}

function refusal(path: string, line: number, reason: string): Refusal {
  return { status: 'refused', path, line, reason };
}

function unreadable(path: string, error: unknown): Refusal {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
  return refusal(path, 1, `cannot be read (${code})`);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
