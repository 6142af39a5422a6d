export * from './approval-waits.js';
export * from './approvals.module.js';
