import { type DynamicModule, Module } from '@nestjs/common';
import { SessionCopiesModule } from '#activity';
import { AgentsModule } from '#agents';
import { ApprovalCopiesModule } from '#approvals';
import {
  AuditErasureModule,
  AuditProofsModule,
  AuditRetentionModule,
  AuditTrailModule,
  VerificationModule,
} from '#audit';
import { BudgetModule } from '#budget';
import { type Config, ConfigModule } from '#config';
import { DecisionCopiesModule } from '#decisions';
import { AnswerCopiesModule } from '#idempotency';
import { MetricsModule } from '#metrics';
import { dataSourceOptions } from '#ormconfig';
import { PersistenceModule } from '#persistence';
import { type Policy, RbacModule } from '#rbac';

/** The same features as the service, without their HTTP sides. */
@Module({})
export class CliModule {
  static forRoot(config: Config, policy: Policy): DynamicModule {
    return {
      module: CliModule,
      imports: [
        ConfigModule.forRoot(config),
        PersistenceModule.forRoot(dataSourceOptions),
        AuditTrailModule,
        AuditProofsModule,
        AuditRetentionModule,
        AuditErasureModule,
        VerificationModule,
        RbacModule.forRoot(policy),
        BudgetModule,
        MetricsModule,
        AgentsModule,
        // Whoever erases here must find every copy.
        ApprovalCopiesModule,
        DecisionCopiesModule,
        AnswerCopiesModule,
        SessionCopiesModule,
      ],
    };
  }
}
