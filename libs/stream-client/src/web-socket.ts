/** As much of a WebSocket as is used: that of browsers, of Node 22 and the class of `ws` are such. */
export interface WebSocketLike {
  onopen: ((event: never) => void) | null;
  onmessage: ((event: { readonly data: unknown }) => void) | null;
  onclose: ((event: { readonly code: number; readonly reason: string }) => void) | null;
  onerror: ((event: never) => void) | null;
  readonly readyState: number;
  send(text: string): void;
  close(code?: number, reason?: string): void;
  /** Of `ws`: ends the connection without waiting for the other side. */
  terminate?(): void;
}

/** Only Node's take options; browsers' send no headers. */
export type WebSocketConstructor = new (
  url: string,
  options?: { readonly headers: Readonly<Record<string, string>> },
) => WebSocketLike;

/** @throws TypeError where there is none, such as on Node 20: pass the class of `ws` there. */
export function defaultWebSocket(): WebSocketConstructor {
  const { WebSocket: found } = globalThis as { readonly WebSocket?: unknown };
  if (typeof found !== 'function') throw new TypeError('There is no WebSocket here; pass its class.');
  return found as WebSocketConstructor;
}
