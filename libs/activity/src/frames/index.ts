export * from './commands.js';
export * from './frame-form.js';
export * from './notices.js';
export * from './registry.js';
export * from './schema.js';
