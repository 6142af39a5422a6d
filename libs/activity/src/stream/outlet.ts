import type { Encoding } from './encoding.js';

/** The way to a client. What is written is whole frames. Nothing here throws: a connection that fails is ended. */
export interface Outlet {
  readonly encoding: Encoding;
  /** Whether the client can ask for what it missed, on this connection. */
  readonly takesCommands: boolean;
  /** Whether anything can be written still. */
  readonly isOpen: boolean;
  /** How much the client has not taken yet. Bytes. */
  readonly waitingBytes: number;
  /** How much of its connection has been taken: it grows while a client reads. Bytes. */
  readonly takenBytes: number;
  /** Resolves when the connection is over. */
  readonly gone: Promise<void>;
  write(bytes: Buffer): void;
  /** Calls back whenever the client has taken all that waited. */
  onDrain(listener: () => void): void;
  /**
   * Asks for a sign of life, and ends the connection where the one asked for before did not come. While something waits for the
   * client, it is not asked, since it would not hear it: who stops reading is noticed by what it takes.
   */
  checkLiveness(): void;
  /**
   * Tells the client why, and ends the connection.
   * @param code of RFC 6455, section 7.4.
   * @param reason up to 123 bytes.
   * @param graceMs how long the client may take to come to the end, where that is not what all may. Milliseconds.
   */
  close(code: number, reason: string, graceMs?: number): void;
}

/** RFC 6455, section 7.4.1, and the IANA registry of close codes for 1013. */
export const CLOSE = { goingAway: 1001, policyViolation: 1008, tryAgainLater: 1013 } as const;
/** Why a client is closed that does not keep up. */
export const TOO_SLOW = 'too slow: events were left unread; reconnect and resume';
