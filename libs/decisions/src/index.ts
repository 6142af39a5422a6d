export * from './checks.controller.js';
export * from './decisions.module.js';
export * from './policy.service.js';
