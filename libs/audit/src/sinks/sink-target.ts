import { isForbiddenAddress } from './addresses.js';

export const SINK_KINDS = ['webhook', 'syslog'] as const;
export type SinkKind = (typeof SINK_KINDS)[number];

const KINDS: Readonly<Record<string, SinkKind>> = {
  'https:': 'webhook',
  'http:': 'webhook',
  'syslog+tls:': 'syslog',
  'syslog+tcp:': 'syslog',
};
const HOST = /^(?:[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])$/;

export const FORMS = 'https://HOST/PATH, http://HOST/PATH, syslog+tls://HOST:PORT or syslog+tcp://HOST:PORT';

/** What is wrong with a target; null for one that can be delivered to. */
export function faultOf(target: string): string | null {
  if (!URL.canParse(target)) return `must be ${FORMS}`;
  const url = new URL(target);
  const kind = KINDS[url.protocol];
  if (!kind || !HOST.test(url.hostname)) return `must be ${FORMS}`;
  if (url.username !== '' || url.password !== '') return 'must not hold a user or a password';
  if (url.hash !== '') return 'must not hold a fragment';
  if (kind === 'syslog' && (url.port === '' || !/^\/?$/.test(url.pathname) || url.search !== ''))
    return 'must be a host and a port alone for syslog';
  if (isForbiddenAddress(hostOf(url))) return 'must not be a link-local address';
  return null;
}

export function kindOf(target: string): SinkKind {
  return KINDS[new URL(target).protocol] ?? 'webhook';
}

/** The host to connect to, an IPv6 address without brackets. */
export function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$/g, '');
}

/** The target as it is shown: paths and queries of webhooks may be all that their receivers know senders by. */
export function shownTarget(target: string): string {
  const { protocol, host, pathname, search } = new URL(target);
  return `${protocol}//${host}${pathname.length > 1 || search !== '' ? '/…' : ''}`;
}
