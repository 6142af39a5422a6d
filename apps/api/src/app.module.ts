import { type DynamicModule, Module } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_INTERCEPTOR, APP_PIPE } from '@nestjs/core';
import { ActivityModule, FleetModule } from '#activity';
import { AgentsHttpModule, AgentsModule } from '#agents';
import { AuditInterceptor, AuditModule, AuditTrailModule } from '#audit';
import { AlertsModule } from '#alerts';
import { ApprovalsModule } from '#approvals';
import { BudgetHttpModule, BudgetModule } from '#budget';
import { type Config, ConfigModule } from '#config';
import { ContractPipe } from '#contract';
import { DecisionsModule } from '#decisions';
import { IdempotencyModule } from '#idempotency';
import { MetricsHttpModule, MetricsModule } from '#metrics';
import { dataSourceOptions } from '#ormconfig';
import { PersistenceModule } from '#persistence';
import { type Policy, RbacGuard, RbacHttpModule, RbacModule } from '#rbac';
import { BatchModule } from './http/batch/batch.module.js';
import { CoverageController } from './http/coverage.controller.js';
import { Health } from './http/health.js';
import { IdempotencyInterceptor } from './http/idempotency.interceptor.js';
import { JsonBodyInterceptor } from './http/json-body.interceptor.js';
import { ProblemDetailsFilter } from './http/problem-details.filter.js';
import { ServiceController } from './http/service.controller.js';

/** Binds features and the steps of a request, in the order they run: guard, interceptors, pipe, filter. */
@Module({})
export class AppModule {
  static forRoot(config: Config, policy: Policy): DynamicModule {
    return {
      module: AppModule,
      imports: [
        ConfigModule.forRoot(config),
        PersistenceModule.forRoot(dataSourceOptions),
        AuditTrailModule,
        IdempotencyModule,
        RbacModule.forRoot(policy),
        BudgetModule,
        MetricsModule,
        AgentsModule,
        // Express asks routes in this order, so what hooks call most comes first.
        AuditModule,
        DecisionsModule,
        BudgetHttpModule,
        MetricsHttpModule,
        AgentsHttpModule,
        ActivityModule,
        FleetModule,
        ApprovalsModule,
        AlertsModule,
        RbacHttpModule,
        BatchModule,
      ],
      controllers: [ServiceController, CoverageController],
      providers: [
        Health,
        { provide: APP_GUARD, useClass: RbacGuard },
        { provide: APP_INTERCEPTOR, useClass: AuditInterceptor },
        { provide: APP_INTERCEPTOR, useClass: JsonBodyInterceptor },
        { provide: APP_INTERCEPTOR, useClass: IdempotencyInterceptor },
        { provide: APP_PIPE, useClass: ContractPipe },
        { provide: APP_FILTER, useClass: ProblemDetailsFilter },
      ],
      exports: [Health],
    };
  }
}
