import { Global, Module } from '@nestjs/common';
import { BudgetCalendar, ChargeRecorder } from '#kernel';
import { BudgetController } from './budget.controller.js';
import { BudgetRepository } from './budget.repository.js';
import { BudgetService } from './budget.service.js';
import { SinkChargeRecorder } from './sink-charge-recorder.js';
import { ZonedBudgetCalendar } from './zoned-budget-calendar.js';

/** The writer's side of the ledger, and the calendar of budget days: other features charge through it. */
@Global()
@Module({
  providers: [
    { provide: BudgetCalendar, useClass: ZonedBudgetCalendar },
    { provide: ChargeRecorder, useClass: SinkChargeRecorder },
  ],
  exports: [BudgetCalendar, ChargeRecorder],
})
export class BudgetModule {}

/** Budgets over HTTP. */
@Module({ controllers: [BudgetController], providers: [BudgetRepository, BudgetService] })
export class BudgetHttpModule {}
