import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { SERVICE_VERSION } from '#config';

export function buildOpenApi(app: INestApplication): OpenAPIObject {
  const builder = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle('Agent Reality Map')
    .setDescription(
      'Registry, audit trail, metrics, budgets and live activity of a fleet of AI coding agents. ' +
        'Errors are RFC 9457 problem details. Times are ISO 8601 UTC. Lists are bare arrays.',
    )
    .setVersion(SERVICE_VERSION)
    .setLicense('MIT', 'https://opensource.org/license/mit')
    .addBearerAuth({ type: 'http', scheme: 'bearer', description: 'An API key.' }, 'bearer')
    .addApiKey({ type: 'apiKey', in: 'header', name: 'X-API-Key', description: 'An API key.' }, 'api_key')
    .addTag('service', 'The service itself')
    .addTag('agents', 'The registry')
    .addTag('metrics', 'What agents did, in numbers')
    .addTag('events', 'The audit trail')
    .addTag('activity', 'What is happening')
    .addTag('budget', 'Money and tokens');
  return SwaggerModule.createDocument(app, builder.build(), { autoTagControllers: false });
}

/** Serves the document at `/openapi.json` and a page to read it at `/docs`. */
export function serveOpenApi(app: INestApplication): void {
  SwaggerModule.setup('docs', app, () => buildOpenApi(app), {
    jsonDocumentUrl: 'openapi.json',
    yamlDocumentUrl: 'openapi.yaml',
    customSiteTitle: 'Agent Reality Map',
  });
}
