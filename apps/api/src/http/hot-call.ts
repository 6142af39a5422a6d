import type { ServerResponse } from 'node:http';
import { posix } from 'node:path';
import { type INestApplicationContext, type Type } from '@nestjs/common';
import { HTTP_CODE_METADATA, PARAMTYPES_METADATA, PATH_METADATA } from '@nestjs/common/constants.js';
import { ContractPipe } from '#contract';
import type { OperationContext } from '#kernel';
import { type Permission, PERMISSION } from '#rbac';
import { API_PREFIX } from './api-prefix.js';

const CREATED = 201;

/** A POST handler that the fast path may call: all of it read off the decorators that the router reads. */
export interface HotCall {
  /** The path, without parameters. */
  readonly path: string;
  /** What entries of the log call it. */
  readonly route: string;
  readonly permission: Permission;
  readonly status: number;
  /** @throws ValidationFailed */
  toRequest(body: unknown): unknown;
  handle(ctx: OperationContext, request: unknown): Promise<object>;
}

/** A GET handler that the fast path may call, for one thing that is there. */
export interface HotRead {
  /** What stands before the reference. */
  readonly prefix: string;
  readonly route: string;
  readonly permission: Permission;
  /** A static path may stand beside the parameter, and what is not there is the router's to refuse. */
  isKnown(reference: string): boolean;
  /** @param response takes headers and another status than 200. @returns nothing where there is no body. */
  handle(reference: string, response: ServerResponse): Promise<object | undefined>;
}

type Handler = (...parameters: unknown[]) => Promise<object>;

/** What the router reads off a handler, and what calls it. */
interface Routed {
  readonly path: string;
  readonly permission: Permission;
  readonly parameters: readonly unknown[];
  readonly status: number | undefined;
  readonly call: Handler;
}

/**
 * @param name of a handler `(@Param() id, @Res({ passthrough: true }) response)` under `@Get('….../:id')` that answers JSON.
 * @param isKnown as `HotRead` has it.
 * @throws Error when the handler is none such, or states no permission.
 */
export function hotRead<Controller extends object>(
  app: INestApplicationContext,
  type: Type<Controller>,
  name: keyof Controller & string,
  isKnown: (reference: string) => boolean,
): HotRead {
  const { path, permission, call } = routed(app, type, name);
  const [, prefix] = /^([^:]*\/):\w+$/.exec(path) ?? [];
  if (prefix === undefined) throw new Error(`${path} cannot be a hot read`);
  return {
    prefix,
    route: `GET ${path}`,
    permission,
    isKnown,
    handle: (reference, response) => call(reference, response),
  };
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
  const { path, permission, parameters, status = CREATED, call } = routed(app, type, name);
  const pipe = new ContractPipe();
  return {
    path,
    route: `POST ${path}`,
    permission,
    status,
    toRequest: (body) => pipe.transform(body, { type: 'body', metatype: parameters[1] as Type }),
    handle: (ctx, request) => call(ctx, request),
  };
}

function routed<Controller extends object>(
  app: INestApplicationContext,
  type: Type<Controller>,
  name: keyof Controller & string,
): Routed {
  const handler = (type.prototype as Record<string, Handler>)[name] as Handler;
  const pathOf = (target: object) => Reflect.getMetadata(PATH_METADATA, target) as string;
  const parameters = Reflect.getMetadata(PARAMTYPES_METADATA, type.prototype as object, name) as unknown[];
  const permission = Reflect.getMetadata(PERMISSION, handler) as Permission | undefined;
  if (!permission || parameters.length !== 2) throw new Error(`${type.name}.${name} cannot be called so`);
  const path = posix.join('/', API_PREFIX, pathOf(type), pathOf(handler)).replace(/\/$/, '');
  const status = Reflect.getMetadata(HTTP_CODE_METADATA, handler) as number | undefined;
  return { path, permission, parameters, status, call: handler.bind(app.get(type)) };
}
