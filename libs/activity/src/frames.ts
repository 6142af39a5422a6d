export * from './frames/index.js';
