import { Controller, Get, RequestMethod } from '@nestjs/common';
import { METHOD_METADATA, PATH_METADATA } from '@nestjs/common/constants.js';
import { ModulesContainer } from '@nestjs/core';
import { ApiOkResponse, ApiOperation, ApiProperty, ApiTags } from '@nestjs/swagger';
import { type Permission, PERMISSION, Policy, PolicyInForce, PUBLIC, RequirePermission } from '#rbac';
import { API_PREFIX, OUTSIDE_PREFIX } from './api-prefix.js';

class CoveredRouteResponse {
  @ApiProperty({ description: 'The HTTP method.', example: 'POST' })
  method!: string;
  @ApiProperty({
    description: 'The path, with its parameters.',
    example: '/api/v1/agents/:agent_id/activate',
  })
  path!: string;
  @ApiProperty({
    description: 'The permission that it asks for; null for a route that is for everyone.',
    example: 'agents:activate',
    type: String,
    nullable: true,
  })
  permission!: string | null;
  @ApiProperty({ description: 'The roles that hold it.', type: [String], example: ['admin', 'developer'] })
  roles!: string[];
  @ApiProperty({ description: 'Whether keys of agents hold it.', example: true })
  agent_keys!: boolean;
}

type Class = new (...args: never[]) => object;

/** Which route takes which permission, and who holds it. */
@ApiTags('rbac')
@Controller('rbac')
export class CoverageController {
  constructor(
    private readonly modules: ModulesContainer,
    private readonly policy: PolicyInForce,
  ) {}

  @Get('coverage')
  @RequirePermission('policy:read')
  @ApiOperation({ summary: 'List the routes, their permissions, and who holds them' })
  @ApiOkResponse({ type: [CoveredRouteResponse], description: 'The routes, by path.' })
  coverage(): CoveredRouteResponse[] {
    const controllers = [...this.modules.values()].flatMap(({ controllers }) =>
      [...controllers.values()].map(({ metatype }) => metatype as Class),
    );
    return [...new Set(controllers)]
      .flatMap((controller) => routesOf(controller, this.policy.current))
      .sort((a, b) => (a.path + a.method < b.path + b.method ? -1 : 1));
  }
}

function routesOf(controller: Class, policy: Policy): CoveredRouteResponse[] {
  const prototype = controller.prototype as Record<string, object>;
  const base = pathsOf(controller)[0] ?? '';
  return Object.getOwnPropertyNames(prototype).flatMap((name) => {
    const handler = name === 'constructor' ? undefined : prototype[name];
    if (typeof handler !== 'function') return [];
    const method = Reflect.getMetadata(METHOD_METADATA, handler) as RequestMethod | undefined;
    if (method === undefined) return [];
    const stated = (key: string): unknown =>
      Reflect.getMetadata(key, handler) ?? Reflect.getMetadata(key, controller);
    const permission = (stated(PERMISSION) as Permission | undefined) ?? null;
    return pathsOf(handler).map((path) => ({
      method: RequestMethod[method],
      path: fullPath(base, path),
      permission,
      roles: permission ? [...policy.roles.keys()].filter((role) => policy.roleAllows(role, permission)) : [],
      agent_keys: permission !== null && policy.agentKeyAllows(permission),
      ...(permission === null && stated(PUBLIC) ? { roles: [...policy.roles.keys()], agent_keys: true } : {}),
    }));
  });
}

function pathsOf(target: object): string[] {
  const path = Reflect.getMetadata(PATH_METADATA, target) as string | string[];
  return Array.isArray(path) ? path : [path];
}

function fullPath(base: string, path: string): string {
  const own = `/${base}/${path}`.replace(/\/+/g, '/').replace(/(.)\/$/, '$1');
  return OUTSIDE_PREFIX.includes(own) ? own : `/${API_PREFIX}${own}`;
}
