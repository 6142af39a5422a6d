import { createHash } from 'node:crypto';
import { ExportVerifier } from '#audit';
import { ADMIN_KEY, type TestService } from './service.js';

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- tests read lines as clients do, without types
export type Line = any;

/** The text of an export, whole. @param query such as `?format=csv`. */
export async function exportText(service: TestService, query = '', key = ADMIN_KEY): Promise<string> {
  const { status, body } = await service.request('GET', `/audit/export${query}`, undefined, { key });
  if (status !== 200) throw new Error(`export answered ${status}: ${JSON.stringify(body)}`);
  return body as string;
}

export const linesOf = (text: string): Line[] =>
  text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line));

export const entriesOf = (text: string): Line[] => linesOf(text).filter(({ type }: Line) => type === 'entry');

export async function publicKeyOf(service: TestService): Promise<Buffer> {
  const { body } = await service.request('GET', '/audit/public-key', undefined, { key: ADMIN_KEY });
  return Buffer.from(body.public_key as string, 'base64');
}

/** What the command finds, without the command. */
export function verified(text: string, ...keys: Buffer[]) {
  const verifier = new ExportVerifier(keys);
  for (const line of text.replace(/\n$/, '').split('\n')) verifier.take(line);
  return verifier.end();
}

/**
 * The root that the lines of an export lead to, by RFC 9162 alone and apart from the service's own code: each range of leaves
 * is split where the tree is, and what no line gives whole is made from its halves.
 */
export function rootOfExport(lines: readonly Line[]): string {
  const known = new Map<string, Buffer>();
  let size = 0;
  for (const line of lines) {
    if (line.type === 'entry') {
      size = Number(line.leaf_index) + 1;
      known.set(`${line.leaf_index}-${size}`, Buffer.from(line.leaf_hash, 'base64'));
    }
    if (line.type !== 'gap') continue;
    let at: number = line.from;
    for (const hash of line.hashes as string[]) {
      let leaves = 1;
      while (at % (2 * leaves) === 0 && at + 2 * leaves <= line.to) leaves *= 2;
      known.set(`${at}-${at + leaves}`, Buffer.from(hash, 'base64'));
      at += leaves;
    }
    if (at !== line.to) throw new Error('a gap has too few hashes');
    size = at;
  }
  const root = (from: number, to: number): Buffer => {
    const given = known.get(`${from}-${to}`);
    if (given) return given;
    if (to - from < 2) throw new Error(`leaf ${from} is missing`);
    let split = 1;
    while (split * 2 < to - from) split *= 2;
    return createHash('sha256')
      .update(Buffer.concat([Buffer.of(1), root(from, from + split), root(from + split, to)]))
      .digest();
  };
  return root(0, size).toString('base64');
}
