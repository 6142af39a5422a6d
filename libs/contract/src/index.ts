export * from './contract.pipe.js';
export * from './counts.js';
export * from './field-rules.js';
export * from './fields.js';
export * from './page.query.js';
export * from './problem.js';
export * from './request-context.js';
export * from './time.js';
