export * from './agent-import.service.js';
export * from './agent.entity.js';
export * from './agents.controller.js';
export * from './agents.module.js';
export * from './agents.queries.js';
export * from './agents.service.js';
