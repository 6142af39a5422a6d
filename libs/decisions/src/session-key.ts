import { createHash } from 'node:crypto';

/** What a session is found by. @param owner who it belongs to: one agent cannot set the root of another's. */
export function sessionKey(owner: string, sessionId: string): string {
  return createHash('sha256')
    .update(JSON.stringify([owner, sessionId]))
    .digest('base64');
}
