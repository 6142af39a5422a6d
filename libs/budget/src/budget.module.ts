import { Global, Module } from '@nestjs/common';
import { BudgetCalendar, BudgetState, ChargeRecorder } from '#kernel';
import { BudgetController } from './budget.controller.js';
import { BudgetRepository } from './budget.repository.js';
import { BudgetService } from './budget.service.js';
import { ChargeCopies } from './charge-copies.repository.js';
import { LedgerController } from './ledger.controller.js';
import { LedgerRepository } from './ledger.repository.js';
import { LedgerService } from './ledger.service.js';
import { ReservationCopies } from './reservation-copies.repository.js';
import { ReservationSink } from './reservation-sink.js';
import { ReservationsController } from './reservations.controller.js';
import { ReservationsRepository } from './reservations.repository.js';
import { ReservationsService } from './reservations.service.js';
import { SinkChargeRecorder } from './sink-charge-recorder.js';
import { StoredBudgetState } from './stored-budget-state.js';
import { ZonedBudgetCalendar } from './zoned-budget-calendar.js';

/** The ledger's writing end, the calendar of budget days, and where an agent stands: what other features ask for. */
@Global()
@Module({
  providers: [
    { provide: BudgetCalendar, useClass: ZonedBudgetCalendar },
    { provide: ChargeRecorder, useClass: SinkChargeRecorder },
    { provide: BudgetState, useClass: StoredBudgetState },
    ChargeCopies,
    ReservationCopies,
  ],
  exports: [BudgetCalendar, ChargeRecorder, BudgetState],
})
export class BudgetModule {}

/** Budgets over HTTP. */
@Module({
  controllers: [BudgetController, ReservationsController, LedgerController],
  providers: [
    BudgetRepository,
    BudgetService,
    ReservationSink,
    ReservationsRepository,
    ReservationsService,
    LedgerRepository,
    LedgerService,
  ],
})
export class BudgetHttpModule {}
