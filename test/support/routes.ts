import { ModulesContainer } from '@nestjs/core';
import type { TestService } from './service.js';

interface ExpressLayer {
  readonly route?: { readonly path: string; readonly methods: Record<string, boolean> };
}

/** Nest answers what it does not know through routes for every method; they serve nothing. */
const CATCH_ALL_METHODS = 20;

/** Every HTTP route of the running service, such as `GET /api/v1/agents/:agent_id`, as its router has them. */
export function httpRoutesOf(service: TestService): string[] {
  const express = service.service.app.getHttpAdapter().getInstance() as { router: { stack: ExpressLayer[] } };
  return express.router.stack.flatMap(({ route }) => {
    const methods = Object.keys(route?.methods ?? {});
    if (!route || methods.length > CATCH_ALL_METHODS) return [];
    return methods.map((method) => `${method.toUpperCase()} ${route.path}`);
  });
}

/** Every path that a socket can be opened on, as `WS /ws`. */
export function socketRoutesOf(service: TestService): string[] {
  return classesOf(service, 'providers').flatMap((type) => {
    const options = Reflect.getMetadata('websockets:gateway_options', type) as { path?: string } | undefined;
    return options?.path === undefined ? [] : [`WS ${options.path}`];
  });
}

/** Every method of a controller that serves a route, and its controller. */
export function handlersOf(service: TestService): { controller: object; handler: object; name: string }[] {
  return classesOf(service, 'controllers').flatMap((controller) => {
    const prototype = controller.prototype as Record<string, object>;
    return Object.getOwnPropertyNames(prototype)
      .filter((name) => name !== 'constructor' && Reflect.hasMetadata('path', prototype[name]!))
      .map((name) => ({ controller, handler: prototype[name]!, name: `${controller.name}.${name}` }));
  });
}

type Class = new (...args: never[]) => object;

function classesOf(service: TestService, kind: 'controllers' | 'providers'): Class[] {
  const modules = [...service.get(ModulesContainer).values()];
  const types = modules.flatMap((module) => [...module[kind].values()].map(({ metatype }) => metatype));
  return [...new Set(types)].filter(
    (type): type is Class => typeof type === 'function' && 'prototype' in type,
  );
}
