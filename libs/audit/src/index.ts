export * from './access-denials.js';
export * from './actor.js';
export * from './audit.interceptor.js';
export * from './audit.module.js';
export * from './audit.repository.js';
export * from './log/frontier.js';
export * from './log/leaf.js';
export * from './log/log-tail.js';
