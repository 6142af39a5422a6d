export * from './data-source-options.js';
export * from './migrations/index.js';
export * from './persistence.module.js';
export * from './reader.js';
export * from './sql.js';
export * from './store-transaction.js';
export * from './store.js';
export * from './transformers.js';
