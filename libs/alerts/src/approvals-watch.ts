import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { ApprovalQueue, Clock, Schedule, systemContext } from '#kernel';
import { type ApprovalsWaitingRule, MAX_COUNTED, PolicyInForce } from '#rbac';
import { AlertDesk } from './alert-desk.js';
import { judgeWaiting } from './rules/waiting-rules.js';

const EVERY_MS = 10_000;

/** Looks for approvals that nobody decides: no entry says that nothing happened. */
@Injectable()
export class ApprovalsWatch implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(ApprovalsWatch.name);
  private readonly schedule = new Schedule(
    () => this.look(),
    (error) => this.logger.warn(error, 'it could not be looked for approvals that wait'),
  );

  constructor(
    private readonly approvals: ApprovalQueue,
    private readonly desk: AlertDesk,
    private readonly policy: PolicyInForce,
    private readonly clock: Clock,
  ) {}

  onApplicationBootstrap(): void {
    this.schedule.start(EVERY_MS);
  }

  /** Before the writer closes. */
  onModuleDestroy(): Promise<void> {
    return this.schedule.stop();
  }

  /** Tells what has to be told now. */
  async look(): Promise<void> {
    const rules = this.policy.current.alerts.filter(
      (rule): rule is ApprovalsWaitingRule => rule.when === 'approvals_waiting',
    );
    if (rules.length === 0) return;
    const waiting = await this.approvals.waiting(MAX_COUNTED);
    const now = this.clock.now();
    const findings = rules.flatMap((rule) => judgeWaiting(rule, waiting, now));
    await this.desk.raise(systemContext('alerts'), findings);
  }
}
