import { userInfo } from 'node:os';

/** The name of the system user who works at this terminal; `uid:N` for one without a passwd entry, as in containers. */
export function terminalUser(lookUp: () => { username: string } = userInfo): string {
  try {
    return lookUp().username;
  } catch {
    return `uid:${process.getuid?.() ?? 'unknown'}`;
  }
}
