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

type Handler = (ctx: OperationContext, request: unknown) => Promise<object>;

/**
 * @param name of a handler `(@Ctx() ctx, @Body() request)` under `@Post` that answers JSON.
 * @throws Error when the handler is none such, or states no permission.
 */
export function hotCall<Controller extends object>(
  app: INestApplicationContext,
  type: Type<Controller>,
  name: keyof Controller & string,
): HotCall {
  const handler = (type.prototype as Record<string, Handler>)[name] as Handler;
  const pathOf = (target: object) => Reflect.getMetadata(PATH_METADATA, target) as string;
  const parameters = Reflect.getMetadata(PARAMTYPES_METADATA, type.prototype as object, name) as unknown[];
  const permission = Reflect.getMetadata(PERMISSION, handler) as Permission | undefined;
  if (!permission || parameters.length !== 2) throw new Error(`${type.name}.${name} cannot be a hot call`);
  const controller = app.get(type);
  const pipe = new ContractPipe();
  const path = posix.join('/', API_PREFIX, pathOf(type), pathOf(handler)).replace(/\/$/, '');
  return {
    path,
    route: `POST ${path}`,
    permission,
    status: (Reflect.getMetadata(HTTP_CODE_METADATA, handler) as number | undefined) ?? CREATED,
    toRequest: (body) => pipe.transform(body, { type: 'body', metatype: parameters[1] as Type }),
    handle: (ctx, request) => handler.call(controller, ctx, request),
  };
}
