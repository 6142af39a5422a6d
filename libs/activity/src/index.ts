export * from './activity.module.js';
export * from './fleet/fleet.module.js';
export * from './stream/stream-admission.js';
export * from './stream/stream-hub.js';
export * from './stream/stream-tickets.js';
export * from './stream/stream-ws.adapter.js';
