import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import fc from 'fast-check';
import { anything, type Resolve, type Schema, valid } from '../support/json-schema.js';
import { anAgent, type Answer, TestService } from '../support/service.js';

interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required?: boolean;
  readonly description?: string;
  readonly schema: Schema;
}

interface Content {
  readonly schema: Schema;
}

interface Operation {
  readonly summary?: string;
  readonly security?: unknown[];
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Record<string, Content> };
  readonly responses: Record<string, { description: string; content?: Record<string, Content> }>;
}

interface Route {
  readonly method: string;
  readonly path: string;
  readonly operation: Operation;
}

const ROUNDS = 40;

/** Whether it is refused for what several parameters, or one and the length of the log, say together: no schema of one can state it. */
function isBetweenFields({ body }: Answer): boolean {
  const errors = (body?.errors ?? []) as { message: string }[];
  return errors.length > 0 && errors.every(({ message }) => BETWEEN_FIELDS.test(message));
}
const BETWEEN_FIELDS =
  /^(must not stand beside|is required beside|must be before|must be an hour or a day|would give more than|must hold a letter|must not be (beyond the log|larger than to)|must be at least \d+, where the entry|must be that of a checkpoint)/;

describe('the OpenAPI document', () => {
  let service: TestService;
  let routes: Route[];
  let schemas: Record<string, Schema>;
  let checks: Map<string, ValidateFunction>;
  const resolve: Resolve = (ref) => schemas[ref.split('/').pop()!]!;

  beforeAll(async () => {
    service = await TestService.start();
    await service.request('POST', '/agents', anAgent());
    const { body: document } = await service.request('GET', '//openapi.json');
    expect(document.openapi).toBe('3.1.0');
    schemas = document.components.schemas;
    routes = Object.entries(document.paths as Record<string, Record<string, Operation>>).flatMap(
      ([path, operations]) =>
        Object.entries(operations).map(([method, operation]) => ({
          method: method.toUpperCase(),
          path,
          operation,
        })),
    );
    const ajv = new Ajv2020({ strict: false, allErrors: true });
    addFormats.default(ajv);
    ajv.addSchema({ $id: 'openapi', components: document.components });
    checks = new Map();
    for (const { method, path, operation } of routes) {
      for (const [status, response] of Object.entries(operation.responses)) {
        const [content] = Object.values(response.content ?? {});
        if (!content) continue;
        const text = JSON.stringify(content.schema).replaceAll('"#/components', '"openapi#/components');
        checks.set(`${method} ${path} ${status}`, ajv.compile(JSON.parse(text)));
      }
    }
  });
  afterAll(() => service.remove());

  it('describes every route, parameter and answer', () => {
    expect(routes.length).toBeGreaterThanOrEqual(27);
    for (const { method, path, operation } of routes) {
      const name = `${method} ${path}`;
      expect([name, operation.summary]).toEqual([name, expect.stringMatching(/\w/)]);
      for (const parameter of operation.parameters ?? []) {
        expect([name, parameter.name, parameter.description]).toEqual([
          name,
          parameter.name,
          expect.stringMatching(/\w/),
        ]);
      }
      const ok = Object.keys(operation.responses).filter((status) => status.startsWith('2'));
      // One good answer for each type of body.
      const types = Object.keys(operation.requestBody?.content ?? { none: {} });
      expect([name, ok.length]).toEqual([name, types.length]);
      const problems = Object.keys(operation.responses).filter((status) => !status.startsWith('2'));
      expect([name, problems]).toEqual([name, expect.arrayContaining(['403'])]);
      // 304 has no body: the client has it.
      for (const status of problems.filter((each) => each !== '304')) {
        expect(Object.keys(operation.responses[status]!.content ?? {})).toEqual(['application/problem+json']);
      }
      if (path.startsWith('/api/v1')) expect([name, operation.security?.length]).toEqual([name, 2]);
    }
  });

  it('gives every field of every schema a description and an example', () => {
    for (const [name, schema] of Object.entries(schemas)) {
      for (const [field, property] of Object.entries(schema.properties ?? {}) as [
        string,
        Record<string, unknown>,
      ][]) {
        const nested = JSON.stringify(property).includes('$ref');
        expect([name, field, property['description']]).toEqual([name, field, expect.stringMatching(/\w/)]);
        if (!nested) expect([name, field, 'example' in property]).toEqual([name, field, true]);
      }
    }
  });

  /** The answer must be documented for the route and match its schema; a 5xx never is right here. */
  function judge({ method, path, operation }: Route, answer: Answer): void {
    const name = `${method} ${path} ${answer.status}`;
    expect([name, Object.keys(operation.responses)]).toEqual([
      name,
      expect.arrayContaining([String(answer.status)]),
    ]);
    expect([name, answer.status < 500]).toEqual([name, true]);
    const check = checks.get(name);
    if (!check) return;
    expect([name, check(answer.body), check.errors]).toEqual([name, true, null]);
  }

  function call(route: Route, values: Record<string, unknown>, body: unknown): Promise<Answer> {
    const query = new URLSearchParams();
    const headers: Record<string, string> = {};
    let path = route.path;
    for (const parameter of route.operation.parameters ?? []) {
      const value = values[parameter.name];
      if (parameter.in === 'path')
        path = path.replace(`{${parameter.name}}`, encodeURIComponent(textOf(value)));
      else if (value === undefined) continue;
      else if (parameter.in === 'header') headers[parameter.name] = encodeURIComponent(textOf(value));
      else query.set(parameter.name, textOf(value));
    }
    const hasBody = route.operation.requestBody !== undefined;
    return service.request(
      route.method,
      `/${path}?${query.toString()}`,
      hasBody ? (body ?? null) : undefined,
      { headers },
    );
  }

  const requestOf = (route: Route, wild: boolean) => {
    // Whether a cursor is good, only the list that gave it can tell.
    const parameters = (route.operation.parameters ?? []).filter(({ name }) => wild || name !== 'cursor');
    const value = (parameter: Parameter) =>
      parameter.in === 'path'
        ? fc.constantFrom('coder', 'nobody', 'ffffffff-0000-7000-8000-000000000000')
        : valid(parameter.schema, resolve);
    const values = fc.record(
      Object.fromEntries(
        parameters.map((parameter) => {
          const wildValue = parameter.in === 'path' ? anything.filter(isSegment) : anything;
          return [parameter.name, wild ? fc.oneof(value(parameter), wildValue) : value(parameter)];
        }),
      ),
      {
        requiredKeys: parameters
          .filter((parameter) => parameter.in === 'path' || (parameter.required && !wild))
          .map((parameter) => parameter.name),
      },
    );
    const schema = Object.values(route.operation.requestBody?.content ?? {})[0]?.schema ?? {};
    const good = valid(schema, resolve);
    const spoilt = fc.tuple(
      good,
      fc.dictionary(
        fc.constantFrom(...Object.keys(schema.$ref ? (resolve(schema.$ref).properties ?? {}) : {}), 'other'),
        anything,
        { maxKeys: 2 },
      ),
    );
    const body = wild
      ? fc.oneof(
          spoilt.map(([base, changes]) => ({ ...(base as object), ...changes })),
          anything,
        )
      : good;
    return fc.record({ values, body });
  };

  it('tells the truth about requests that it allows, and about any others', async () => {
    for (const route of routes.filter(({ method }) => method !== 'DELETE')) {
      for (const wild of [false, true]) {
        await fc.assert(
          fc.asyncProperty(requestOf(route, wild), async ({ values, body }) => {
            const answer = await call(route, values, body);
            judge(route, answer);
            if (!wild && !BEYOND_SCHEMAS.includes(String(answer.body.code)) && !isBetweenFields(answer))
              expect([`${route.method} ${route.path}`, [400, 415, 422]]).not.toEqual([
                `${route.method} ${route.path}`,
                expect.arrayContaining([answer.status]),
              ]);
          }),
          { numRuns: ROUNDS },
        );
      }
    }
  }, 120_000);
});

/** What no schema can state: what a policy's text may hold, and which keys were used before. */
const BEYOND_SCHEMAS = ['POLICY_INVALID', 'IDEMPOTENCY_KEY_REUSED'];

/** What is no segment of a path by itself makes the URL another route's. */
function isSegment(value: unknown): boolean {
  return !['', '.', '..'].includes(textOf(value));
}

function textOf(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.toWellFormed();
}
