export * from './frames.js';
export * from './stream-client.js';
export type { HistoryLost, Lagged, Refusal, SubscriptionHandlers } from './subscription.js';
export type { WebSocketConstructor, WebSocketLike } from './web-socket.js';
