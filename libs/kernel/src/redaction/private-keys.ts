import { type MaskedKinds, REDACTED } from './masked.js';

export const PEM_BEGIN = '-----BEGIN ';
const PEM_END = '-----END ';
const PEM_DASHES = '-----';
const LABEL = 64;

/** `text` without PEM blocks of private keys (RFC 7468), each to its end or that of the text. */
export function withoutPrivateKeys(text: string, masked: MaskedKinds | undefined): string {
  let [result, from] = ['', 0];
  for (let begin = text.indexOf(PEM_BEGIN); begin >= 0; begin = text.indexOf(PEM_BEGIN, begin)) {
    const next = begin + PEM_BEGIN.length;
    const [label = ''] = text.slice(next, next + LABEL).split('-', 1);
    if (!label.includes('PRIVATE KEY')) {
      begin = next;
      continue;
    }
    masked?.add('private_key');
    result += text.slice(from, begin) + REDACTED;
    const end = text.indexOf(PEM_END, next);
    if (end < 0) return result;
    const dashes = text.slice(end + PEM_END.length, end + PEM_END.length + LABEL).indexOf(PEM_DASHES);
    if (dashes < 0) return result;
    from = begin = end + PEM_END.length + dashes + PEM_DASHES.length;
  }
  return from === 0 ? text : result + text.slice(from);
}
