import { open, type FileHandle } from 'node:fs/promises';
import { isSignedBy, type NoteKey, parseNotes, parseTreeHead, type TreeHead } from './signed-note.js';

/** More than the newest note, whatever its signatures. */
const TAIL_BYTES = 64 * 1024;
const MODE = 0o640;
/** What stands between two notes. */
const GAP = '\n\n';

/** The file to which every checkpoint is appended: best kept where whoever can change the store cannot change it. */
export class CheckpointFile {
  constructor(private readonly path: string) {}

  /** It is on disk when this resolves. */
  async append(note: string): Promise<void> {
    const file = await open(this.path, 'a+', MODE);
    try {
      const tail = await tailOf(file, GAP.length);
      // A write that broke off must not spoil what follows it.
      await file.appendFile(`${tail === '' || tail === GAP ? '' : GAP}${note}\n`);
      await file.datasync();
    } finally {
      await file.close();
    }
  }

  /**
   * The newest checkpoint in it that one of `keys` has signed; null where there is none.
   * @throws Error for a file that cannot be read.
   */
  async newest(keys: readonly NoteKey[]): Promise<(TreeHead & { readonly note: string }) | null> {
    const text = await this.tail();
    for (const { note, ...signed } of parseNotes(text).reverse()) {
      const head = parseTreeHead(signed.text);
      if (head && keys.some((key) => key.name === head.origin && isSignedBy(signed, key)))
        return { ...head, note };
    }
    return null;
  }

  private async tail(): Promise<string> {
    let file: FileHandle;
    try {
      file = await open(this.path, 'r');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
      throw error;
    }
    try {
      return await tailOf(file, TAIL_BYTES);
    } finally {
      await file.close();
    }
  }
}

async function tailOf(file: FileHandle, most: number): Promise<string> {
  const { size } = await file.stat();
  const length = Math.min(size, most);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, size - length);
  return buffer.toString('utf8', 0, bytesRead);
}
