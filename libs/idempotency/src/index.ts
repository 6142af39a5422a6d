export * from './expiry.js';
export * from './idempotency.module.js';
export * from './idempotent-calls.js';
