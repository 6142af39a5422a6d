import { link, mkdir, open, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { newId } from '#kernel';

/**
 * Reads a key that lives in a file of its own, and makes one (mode 0600) where there is no such file.
 * @throws Error where it can be neither read nor made.
 */
export async function openKeyFile(file: string, make: () => string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const whole = `${file}.${newId()}`;
  await writeFile(whole, make(), { mode: 0o600, flag: 'wx', flush: true });
  try {
    // Nobody sees half a key, and of two instances one is first.
    await link(whole, file);
    await syncFolder(dirname(file));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    await rm(whole);
  }
  return readFile(file, 'utf8');
}

/** So that the name outlasts a power loss; Windows opens no folders, and needs it not. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder).catch(() => null);
  if (!handle) return;
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
