import { isUtf8 } from 'node:buffer';
import { IdentityRefused } from './fields.js';

export interface SplitFile {
  /** The lines between the two `---` lines; null where the file has no front matter. */
  readonly frontMatter: readonly string[] | null;
  /** 1-based line in the file of the first front matter line. */
  readonly firstLine: number;
  readonly body: readonly string[];
  /** 1-based line in the file of the first body line. */
  readonly bodyLine: number;
}

const FENCE = /^---[ \t]*$/;
const KEY_LINE = /^["']?[\w.-]+["']?\s*:/;

/**
 * Splits a Markdown file into front matter and body. Takes LF, CRLF and CR line ends, a byte-order mark, and blank
 * lines before the front matter: to overlook it there would be to overlook an agent's denials.
 * A first `---` that is never closed and not followed by a key is a Markdown rule, not front matter.
 * @throws IdentityRefused if the file is not UTF-8 or its front matter is never closed.
 */
export function splitFrontMatter(bytes: Uint8Array): SplitFile {
  if (!isUtf8(bytes)) throw new IdentityRefused(lineOfBadByte(bytes), 'not valid UTF-8');
  const lines = new TextDecoder('utf-8').decode(bytes).split(/\r\n|\n|\r/);
  const open = lines.findIndex((line) => line.trim() !== '');
  if (open === -1 || !FENCE.test(lines[open] ?? ''))
    return { frontMatter: null, firstLine: 1, body: lines, bodyLine: 1 };
  const close = lines.findIndex((line, index) => index > open && FENCE.test(line));
  if (close === -1) {
    const next = lines.slice(open + 1).find((line) => line.trim() !== '' && !line.startsWith('#'));
    if (next === undefined || !KEY_LINE.test(next))
      return { frontMatter: null, firstLine: 1, body: lines, bodyLine: 1 };
    throw new IdentityRefused(open + 1, 'front matter is never closed: the second "---" line is missing');
  }
  return {
    frontMatter: lines.slice(open + 1, close),
    firstLine: open + 2,
    body: lines.slice(close + 1),
    bodyLine: close + 2,
  };
}

function lineOfBadByte(bytes: Uint8Array): number {
  let line = 1;
  for (let start = 0; start < bytes.length; line += 1) {
    const newline = bytes.indexOf(0x0a, start);
    const end = newline === -1 ? bytes.length : newline;
    if (!isUtf8(bytes.subarray(start, end))) return line;
    start = end + 1;
  }
  return line;
}
