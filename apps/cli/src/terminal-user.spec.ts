import { userInfo } from 'node:os';
import { describe, expect, it } from '@jest/globals';
import { terminalUser } from './terminal-user.js';

describe('the user at the terminal', () => {
  it('goes by the name in the passwd file', () => {
    expect(terminalUser()).toBe(userInfo().username);
  });

  it('goes by number where the passwd file has no entry', () => {
    const none = () => {
      throw new Error('A system error occurred: uv_os_get_passwd returned ENOENT');
    };
    expect(terminalUser(none)).toBe(`uid:${process.getuid?.()}`);
  });
});
