const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]']);

/** Whether nobody on the way can change what is read from there: https, or http on this machine. */
export function isSecureUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname } = new URL(text);
  return protocol === 'https:' || (protocol === 'http:' && LOOPBACK.has(hostname));
}
