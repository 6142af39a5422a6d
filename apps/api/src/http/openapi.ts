import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { SERVICE_VERSION } from '#config';

export function buildOpenApi(app: INestApplication): OpenAPIObject {
  const builder = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle('Agent Reality Map')
    .setDescription(
      'Registry, audit trail, metrics, budgets and live activity of a fleet of AI coding agents. ' +
        'Errors are RFC 9457 problem details. Times are ISO 8601 UTC. Lists are bare arrays. ' +
        'The live stream has a document of its own: /docs/stream, and /asyncapi.json for machines.',
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
  const document = SwaggerModule.createDocument(app, builder.build(), { autoTagControllers: false });
  for (const path of Object.values(document.paths)) {
    for (const operation of Object.values(path) as Operation[]) operation.parameters?.forEach(forbidNull);
  }
  return document;
}

interface Operation {
  readonly parameters?: { readonly schema?: { type?: string | string[]; enum?: unknown[] } }[];
}

/** Fields of bodies and queries are declared alike, but a query has no null. */
function forbidNull({ schema }: NonNullable<Operation['parameters']>[number]): void {
  if (schema?.enum) schema.enum = schema.enum.filter((value) => value !== null);
  if (!Array.isArray(schema?.type)) return;
  const [type] = schema.type.filter((name) => name !== 'null');
  if (type) schema.type = type;
}

/** Serves the document at `/openapi.json` and a page to read it at `/docs`. */
export function serveOpenApi(app: INestApplication): void {
  SwaggerModule.setup('docs', app, () => buildOpenApi(app), {
    jsonDocumentUrl: 'openapi.json',
    yamlDocumentUrl: 'openapi.yaml',
    customSiteTitle: 'Agent Reality Map',
  });
}
