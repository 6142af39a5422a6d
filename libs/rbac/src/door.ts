import type { IncomingMessage } from 'node:http';
import type { Config } from '#config';
import { DomainError } from '#kernel';

const LOOPBACK_NAMES = new Set(['localhost', '127.0.0.1', '[::1]']);
const LOOPBACK_PEERS = /^(127\.|::1$|::ffff:127\.)/;
const PROXY_HEADERS = ['forwarded', 'x-real-ip', 'via'];

type DoorSettings = Pick<Config, 'rbacEnabled' | 'allowedHosts' | 'corsOrigins'>;

/**
 * The first check of every request and every upgrade, on every path. With RBAC off it admits what comes from
 * this machine, asks for this machine, and was not sent by a foreign page; with RBAC on, credentials decide and
 * the door only keeps foreign pages from opening sockets or calling with a browser's standing.
 */
export class Door {
  constructor(private readonly settings: DoorSettings) {}

  /** @throws DomainError `HOST_NOT_ALLOWED`, `ORIGIN_NOT_ALLOWED`; with RBAC on also `BAD_REQUEST`. */
  admit(request: IncomingMessage): void {
    const hosts = valuesOf(request, 'host');
    if (!this.settings.rbacEnabled) this.admitLoopback(request, hosts);
    else if (hosts.length !== 1 && request.httpVersion !== '1.0') {
      // RFC 9112, section 3.2; HTTP/1.0 may do without.
      throw new DomainError('BAD_REQUEST', 'A request must carry exactly one Host header.');
    }
    this.admitOrigin(request, hosts[0] ?? '');
  }

  private admitLoopback(request: IncomingMessage, hosts: readonly string[]): void {
    if (!LOOPBACK_PEERS.test(request.socket.remoteAddress ?? '')) {
      throw hostNotAllowed('Only clients on this machine are served while RBAC is off.');
    }
    if (hosts.length !== 1) throw hostNotAllowed('A request must carry exactly one Host header.');
    const name = hostName(hosts[0] ?? '');
    if (name === null || (!LOOPBACK_NAMES.has(name) && !this.settings.allowedHosts.includes(name))) {
      throw hostNotAllowed(
        'The Host header must name localhost, 127.0.0.1, [::1] or a host in ALLOWED_HOSTS.',
      );
    }
    if (!request.url?.startsWith('/')) throw hostNotAllowed('The request target must be a path.');
    for (const header of Object.keys(request.headers)) {
      if (PROXY_HEADERS.includes(header) || header.startsWith('x-forwarded-')) {
        throw hostNotAllowed(`Requests through a proxy (${header}) are not served while RBAC is off.`);
      }
    }
  }

  private admitOrigin(request: IncomingMessage, host: string): void {
    const origins = valuesOf(request, 'origin');
    const allowed = origins.every((origin) => this.originAllowed(origin, host)) && origins.length <= 1;
    if (!allowed)
      throw originNotAllowed('The Origin header must be absent, this service or one in CORS_ORIGINS.');
    const site = request.headers['sec-fetch-site'];
    if (site === undefined || site === 'same-origin' || site === 'none') return;
    if (origins.length === 0) throw originNotAllowed('Requests from other sites are not served.');
  }

  private originAllowed(origin: string, host: string): boolean {
    if (origin === 'null') return false;
    return (
      this.settings.corsOrigins.includes(origin) ||
      origin === `http://${host}` ||
      origin === `https://${host}`
    );
  }
}

/** All values of a header: Node keeps only the first of some, and the second is the one that lies. */
function valuesOf(request: IncomingMessage, name: string): string[] {
  const { rawHeaders } = request;
  const values: string[] = [];
  for (let i = 0; i < rawHeaders.length; i += 2) {
    if (rawHeaders[i]?.toLowerCase() === name) values.push(rawHeaders[i + 1] ?? '');
  }
  return values;
}

/** The name in a Host header, lower case, without its port; null where the header is malformed. */
function hostName(host: string): string | null {
  return /^(\[[0-9a-f:.]+\]|[a-z0-9.-]+)(?::\d{1,5})?$/.exec(host.toLowerCase())?.[1] ?? null;
}

function hostNotAllowed(detail: string): DomainError {
  return new DomainError('HOST_NOT_ALLOWED', detail);
}

function originNotAllowed(detail: string): DomainError {
  return new DomainError('ORIGIN_NOT_ALLOWED', detail);
}
