import type { RequestHandler } from 'express';
import helmet from 'helmet';

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
    // Whether TLS stands before this service is not for it to say.
    strictTransportSecurity: false,
    // CORS says who may read answers; this header would forbid it to the origins that are listed.
    crossOriginResourcePolicy: false,
  });
}
