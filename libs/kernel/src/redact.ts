const REDACTED = '[redacted]';

/** Forms of well-known credentials. Each is bounded and has one way to match, so that time is linear. */
const CREDENTIALS: readonly RegExp[] = [
  /\barm_[\w-]{43}/g,
  /\b(?:AKIA|ASIA)[0-9A-Z]{16}\b/g,
  /\bgh[pousr]_[A-Za-z0-9]{36,255}/g,
  /\bgithub_pat_\w{22,255}/g,
  /\bglpat-[\w-]{20,255}/g,
  /\bsk-[\w-]{20,255}/g,
  /\bxox[abeoprs]-[\w-]{10,255}/g,
  /\bAIza[\w-]{35}/g,
  /\beyJ[\w-]{8,4096}\.[\w-]{8,8192}\.[\w-]{8,4096}/g,
  /\bnpm_[A-Za-z0-9]{36}/g,
];

/** `password=…`, `Authorization: Bearer …`, `--token …`: the name stays, the value goes. */
const NAMED =
  /(\b(?:password|passwd|pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|authorization)["']?\s{0,4}[:= ]\s{0,4}["']?(?:bearer |basic )?)([^\s"',;&|]{4,4096})/gi;
const URL_PASSWORD = /(:\/\/[^\s/:@]{1,256}:)[^\s/@]{1,256}(?=@)/g;
const KEY_BEGIN = '-----BEGIN ';
const KEY_END = '-----END ';

/** `text` with what looks like a credential replaced. What is not known as one stays: it is a net, not a wall. */
export function redact(text: string): string {
  if (text.length < 8) return text;
  let result = withoutKeys(text);
  for (const form of CREDENTIALS) result = result.replace(form, REDACTED);
  return result.replace(NAMED, `$1${REDACTED}`).replace(URL_PASSWORD, `$1${REDACTED}`);
}

/** PEM blocks of private keys (RFC 7468), to their end or that of the text. */
function withoutKeys(text: string): string {
  let result = '';
  let from = 0;
  for (;;) {
    const begin = text.indexOf(KEY_BEGIN, from);
    if (begin < 0) return result + text.slice(from);
    const label = text.slice(begin + KEY_BEGIN.length, begin + KEY_BEGIN.length + 40);
    const next = begin + KEY_BEGIN.length;
    if (!label.split('-', 1)[0]?.includes('PRIVATE KEY')) {
      result += text.slice(from, next);
      from = next;
      continue;
    }
    const end = text.indexOf(KEY_END, next);
    result += text.slice(from, begin) + REDACTED;
    if (end < 0) return result;
    const line = text.indexOf('\n', end);
    from = line < 0 ? text.length : line;
  }
}
