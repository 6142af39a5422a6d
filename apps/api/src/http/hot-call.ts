import { posix } from 'node:path';
import { parse } from 'node:querystring';
import { type INestApplicationContext, type Type } from '@nestjs/common';
import {
  CUSTOM_ROUTE_ARGS_METADATA,
  HTTP_CODE_METADATA,
  PARAMTYPES_METADATA,
  PATH_METADATA,
  ROUTE_ARGS_METADATA,
} from '@nestjs/common/constants.js';
import { RouteParamtypes } from '@nestjs/common/enums/route-paramtypes.enum.js';
import { ContractPipe, type AnswerHead } from '#contract';
import type { OperationContext } from '#kernel';
import { type Permission, PERMISSION } from '#rbac';
import { API_PREFIX } from './api-prefix.js';

const OK = 200;
const CREATED = 201;

/** A handler that the fast path may call: all of it read off the decorators that the router reads. */
interface Hot {
  /** What entries of the log call it. */
  readonly route: string;
  readonly permission: Permission;
  readonly status: number;
  handle(ctx: OperationContext, input: unknown, head?: AnswerHead): Promise<object | undefined>;
}

/** A POST handler. */
export interface HotCall extends Hot {
  /** The path, without parameters. */
  readonly path: string;
  /** @throws ValidationFailed */
  toInput(body: unknown): unknown;
}

/** A GET handler. */
export interface HotRead extends Hot {
  /** The path, or, with a slash at its end, what stands before the reference of one thing. */
  readonly path: string;
  /** What follows the reference, with its slash; nothing of a path without one. */
  readonly behind?: string;
  /** Whether it looks at `If-None-Match` itself; what does not leaves that to the router. */
  readonly conditional?: boolean;
  /**
   * @param rest the request target behind `path`, without `behind`.
   * @returns null for what is not plainly this handler's. @throws ValidationFailed
   */
  toInput(rest: string): unknown;
}

/** What answers a request beside its own content: taken from where the router takes it. */
type Source = 'ctx' | 'input' | 'head';
const SOURCES: Readonly<Record<string, Source>> = {
  [CUSTOM_ROUTE_ARGS_METADATA]: 'ctx',
  [RouteParamtypes.BODY]: 'input',
  [RouteParamtypes.QUERY]: 'input',
  [RouteParamtypes.PARAM]: 'input',
  [RouteParamtypes.RESPONSE]: 'head',
};

type Handler = (...parameters: unknown[]) => Promise<object | undefined>;

/** What the router reads off a handler, and what calls it. */
interface Routed {
  readonly paths: readonly string[];
  readonly permission: Permission;
  readonly status: number | undefined;
  /** The class of its body or query. */
  readonly inputType: Type | undefined;
  readonly takesHead: boolean;
  readonly handle: Hot['handle'];
}

/**
 * @param name of a handler `(@Ctx() ctx, @Body() request)` under `@Post` that answers JSON.
 * @throws Error when the handler is none such, or states no permission.
 */
export function hotCall<Controller extends object>(
  app: INestApplicationContext,
  type: Type<Controller>,
  name: keyof Controller & string,
): HotCall {
  const { paths, permission, status = CREATED, inputType: metatype, handle } = routed(app, type, name);
  const [path = ''] = paths;
  const pipe = new ContractPipe();
  return {
    path,
    route: `POST ${path}`,
    permission,
    status,
    toInput: (body) => pipe.transform(body, { type: 'body', metatype }),
    handle,
  };
}

/** Neither escapes nor a sign that a form would decode. */
const PLAIN_QUERY = /^\?(?:\w+=[\w.,:-]*(?:&(?!$)|$))+$/;

/**
 * A read for each of its paths.
 * @param name of a handler that takes no more than `@Ctx()`, `@Query()` and `@Res({ passthrough: true })`, under `@Get` with
 * no parameter in its path, and answers JSON.
 * @throws Error when the handler is none such, or states no permission.
 */
export function hotReads<Controller extends object>(
  app: INestApplicationContext,
  type: Type<Controller>,
  name: keyof Controller & string,
): HotRead[] {
  const { paths, permission, inputType: metatype, handle } = routed(app, type, name);
  const pipe = new ContractPipe();
  const toInput = (rest: string): unknown => {
    if (rest !== '' && !PLAIN_QUERY.test(rest)) return null;
    const given = parse(rest.slice(1));
    const once = Object.values(given).every((value) => typeof value === 'string');
    return once ? pipe.transform(given, { type: 'query', metatype }) : null;
  };
  return paths.map((path) => ({ path, route: `GET ${path}`, permission, status: OK, toInput, handle }));
}

const PLAIN_SEGMENT = /^[\w-]+$/;

/**
 * @param name of a handler that takes no more than `@Ctx()`, `@Param()` and `@Res({ passthrough: true })`, under
 * `@Get('….../:id')` or `@Get('….../:id/word')`, and answers JSON.
 * @param isKnown whether there is such a thing: a static path may stand beside the parameter, and what is not there is the
 * router's to refuse.
 * @throws Error when the handler is none such, or states no permission.
 */
export function hotLookup<Controller extends object>(
  app: INestApplicationContext,
  type: Type<Controller>,
  name: keyof Controller & string,
  isKnown: (reference: string) => boolean,
): HotRead {
  const { paths, permission, takesHead: conditional, handle } = routed(app, type, name);
  const [template = ''] = paths;
  const [, path, behind = ''] = /^([^:]*\/):\w+(\/\w+)?$/.exec(template) ?? [];
  if (path === undefined) throw new Error(`${template} cannot be a hot read`);
  const toInput = (rest: string): unknown => (PLAIN_SEGMENT.test(rest) && isKnown(rest) ? rest : null);
  return { path, behind, conditional, route: `GET ${template}`, permission, status: OK, toInput, handle };
}

function routed<Controller extends object>(
  app: INestApplicationContext,
  type: Type<Controller>,
  name: keyof Controller & string,
): Routed {
  const handler = (type.prototype as Record<string, Handler>)[name] as Handler;
  const permission = Reflect.getMetadata(PERMISSION, handler) as Permission | undefined;
  if (!permission) throw new Error(`${type.name}.${name} states no permission`);
  const sources = sourcesOf(type, name);
  const types = Reflect.getMetadata(PARAMTYPES_METADATA, type.prototype as object, name) as Type[];
  const call = handler.bind(app.get(type));
  return {
    paths: pathsOf(type, handler),
    permission,
    status: Reflect.getMetadata(HTTP_CODE_METADATA, handler) as number | undefined,
    inputType: types[sources.indexOf('input')],
    takesHead: sources.includes('head'),
    handle: (ctx, input, head) => {
      const given = { ctx, input, head };
      return call(...sources.map((source) => given[source]));
    },
  };
}

function pathsOf(type: Type, handler: Handler): string[] {
  const pathOf = (target: object) => Reflect.getMetadata(PATH_METADATA, target) as string | string[];
  return [pathOf(handler)]
    .flat()
    .map((path) => posix.join('/', API_PREFIX, pathOf(type) as string, path).replace(/\/$/, ''));
}

/** Where each of a handler's parameters comes from. */
function sourcesOf(type: Type, name: string): Source[] {
  const declared = Reflect.getMetadata(ROUTE_ARGS_METADATA, type, name) as Record<string, { index: number }>;
  const sources: Source[] = [];
  for (const [key, { index }] of Object.entries(declared)) {
    const [kind = ''] = key.split(':');
    const source = SOURCES[kind.endsWith(CUSTOM_ROUTE_ARGS_METADATA) ? CUSTOM_ROUTE_ARGS_METADATA : kind];
    if (!source || sources.includes(source)) throw new Error(`${type.name}.${name} cannot be called so`);
    sources[index] = source;
  }
  return sources;
}
