import { ValidationFailed } from '#kernel';
import { parseNote, parseTreeHead } from '../checkpoints/signed-note.js';

const PUBLIC_KEY_BYTES = 32;

/**
 * The notes of a file that an auditor keeps, or of `CHECKPOINT_FILE`: one after another, with empty lines between them.
 * @throws ValidationFailed where it holds none, or anything else.
 */
export function parseHeldCheckpoints(text: string): string[] {
  const blocks = text
    .replaceAll('\r\n', '\n')
    .split(/\n{2,}/)
    .map((block) => block.replace(/^\n+|\n+$/g, ''))
    .filter((block) => block !== '');
  const notes: string[] = [];
  for (let index = 0; index < blocks.length; index += 2) {
    const note = `${blocks[index] ?? ''}\n\n${blocks[index + 1] ?? ''}\n`;
    const signed = parseNote(note);
    if (!signed || !parseTreeHead(signed.text)) refuse(`note ${notes.length + 1} is no signed checkpoint`);
    notes.push(note);
  }
  if (notes.length === 0) refuse('must hold at least one signed checkpoint');
  return notes;
}

/** @param text base64. @returns 32 bytes. @throws ValidationFailed */
export function parsePublicKey(text: string): Buffer {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.length === PUBLIC_KEY_BYTES && bytes.toString('base64') === text) return bytes;
  throw new ValidationFailed([
    { path: 'public_key', message: 'must be the 32 bytes of an Ed25519 public key, base64' },
  ]);
}

function refuse(message: string): never {
  throw new ValidationFailed([{ path: 'checkpoint', message }]);
}
