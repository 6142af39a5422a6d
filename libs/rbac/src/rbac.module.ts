import { type DynamicModule, Module } from '@nestjs/common';
import { CONFIG, type Config } from '#config';
import { Clock } from '#kernel';
import { ApiKeysController } from './api-keys.controller.js';
import { ApiKeysRepository } from './api-keys.repository.js';
import { ApiKeysService } from './api-keys.service.js';
import { Authenticator } from './authenticator.js';
import { Door } from './door.js';
import { KeyRing } from './key-ring.js';
import { KeyUsage } from './key-usage.js';
import { OidcTokens } from './oidc/oidc-tokens.js';
import type { Policy } from './policy.js';
import { PolicyInForce } from './policy-in-force.js';

/** Policy, principals, keys and the door. The application binds the guard. */
@Module({})
export class RbacModule {
  static forRoot(policy: Policy): DynamicModule {
    return {
      module: RbacModule,
      global: true,
      providers: [
        { provide: PolicyInForce, useFactory: () => new PolicyInForce(policy) },
        { provide: Door, inject: [CONFIG], useFactory: (config: Config) => new Door(config) },
        ApiKeysRepository,
        KeyRing,
        KeyUsage,
        ApiKeysService,
        {
          provide: OidcTokens,
          inject: [CONFIG, Clock],
          useFactory: (config: Config, clock: Clock) => new OidcTokens(config.oidc, clock),
        },
        Authenticator,
      ],
      exports: [PolicyInForce, Door, ApiKeysService, Authenticator],
    };
  }
}

/** The keys over HTTP. */
@Module({ controllers: [ApiKeysController] })
export class RbacHttpModule {}
