export * from './activity.module.js';
export * from './fleet/fleet.module.js';
export * from './stream-admission.js';
export * from './stream-hub.js';
export * from './stream-ws.adapter.js';
export * from './stream-tickets.js';
