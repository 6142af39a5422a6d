export * from './budget.controller.js';
export * from './budget.module.js';
export * from './ledger-entry.entity.js';
export * from './reservation.entity.js';
export * from './usage.entity.js';
