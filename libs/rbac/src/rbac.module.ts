import { type DynamicModule, Module } from '@nestjs/common';
import { CONFIG, type Config } from '#config';
import { ApiKeysRepository } from './api-keys.repository.js';
import { ApiKeysService } from './api-keys.service.js';
import { Authenticator } from './authenticator.js';
import { Door } from './door.js';
import { KeyRing } from './key-ring.js';
import { Policy } from './policy.js';

/** Policy, principals, keys and the door. The application binds the guard. */
@Module({})
export class RbacModule {
  static forRoot(policy: Policy): DynamicModule {
    return {
      module: RbacModule,
      global: true,
      providers: [
        { provide: Policy, useValue: policy },
        { provide: Door, inject: [CONFIG], useFactory: (config: Config) => new Door(config) },
        ApiKeysRepository,
        KeyRing,
        ApiKeysService,
        Authenticator,
      ],
      exports: [Policy, Door, ApiKeysService, Authenticator],
    };
  }
}
