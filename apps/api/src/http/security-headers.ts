import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import cors from 'cors';
import type { Request, RequestHandler, Response } from 'express';
import helmet from 'helmet';
import type { Config } from '#config';
import { TREE_SIZE_HEADER } from '#audit';
import { REPLAYED } from '#contract';

const EXPOSED_HEADERS = ['X-Request-Id', 'X-Total-Count', 'Link', 'ETag', 'Retry-After'].concat(
  REPLAYED,
  TREE_SIZE_HEADER,
);

/** The same for answers that are written past Express, which hold nothing to load. */
export const BARE_SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
  'X-Content-Type-Options': 'nosniff',
};

/** What every answer tells browsers: load nothing foreign, be framed by nobody, guess no types. */
export function securityHeaders(): RequestHandler {
  return helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'self'"],
        // The documentation page styles itself inline.
        styleSrc: ["'self'", "'unsafe-inline'"],
        imgSrc: ["'self'", 'data:'],
        objectSrc: ["'none'"],
        baseUri: ["'none'"],
        formAction: ["'self'"],
        frameAncestors: ["'none'"],
      },
    },
    // For browsers that do not know frame-ancestors.
    xFrameOptions: { action: 'deny' },
    // For plug-ins and browsers that are gone; every header costs every answer.
    xDnsPrefetchControl: false,
    xDownloadOptions: false,
    xPermittedCrossDomainPolicies: false,
    xXssProtection: false,
    originAgentCluster: false,
    // Whether TLS stands before this service is not for it to say.
    strictTransportSecurity: false,
    // CORS says who may read answers; this header would forbid it to the origins that are listed.
    crossOriginResourcePolicy: false,
  });
}

/** Which origins' pages may read answers, by the Fetch standard's CORS protocol; answers their preflights. */
export function crossOrigin(config: Pick<Config, 'corsOrigins'>): RequestHandler {
  return cors({ origin: [...config.corsOrigins], credentials: true, exposedHeaders: EXPOSED_HEADERS });
}

/** What `handlers`, which must be synchronous, set on every answer to a request without an Origin. */
export function headersOf(handlers: readonly RequestHandler[]): Record<string, string> {
  const request = Object.assign(new IncomingMessage(new Socket()), { method: 'POST', url: '/' });
  const response = new ServerResponse(request);
  for (const handle of handlers) void handle(request as Request, response as Response, () => undefined);
  const headers = Object.entries(response.getHeaders());
  return Object.fromEntries(headers.map(([name, value]) => [name, String(value)]));
}
