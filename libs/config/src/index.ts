export * from './config.js';
export * from './config.module.js';
export * from './database-url.js';
export * from './environment.js';
export * from './project-folder.js';
export * from './secure-url.js';
