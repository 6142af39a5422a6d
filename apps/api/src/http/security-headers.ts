import type { RequestHandler } from 'express';
import helmet from 'helmet';

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
