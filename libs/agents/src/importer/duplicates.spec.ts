import { describe, expect, it } from '@jest/globals';
import { refuseDuplicates } from './duplicates.js';
import { type IdentityFileResult, parseIdentityFile } from './identity-file.js';

const ID = '5f1c2f1e-6d0a-4b55-9a43-0d5a3e0b7c11';

function aFile(path: string, name: string, id = ''): IdentityFileResult {
  const text = ['---', 'x: 1', `name: ${name}`, 'identity:', `  agent_id: ${id}`, '---', ''].join('\n');
  return parseIdentityFile(path, new TextEncoder().encode(text), {
    roles: ['tester'],
    typicalAgents: new Map(),
  });
}

function refuse(files: readonly IdentityFileResult[], ...live: string[]): IdentityFileResult[] {
  return refuseDuplicates(files, (name) => live.includes(name));
}

const statuses = (files: readonly IdentityFileResult[]) => files.map(({ status }) => status);

describe('files that say the same', () => {
  it('of a name: the second is refused, at the line of its name', () => {
    expect(refuse([aFile('a/one.md', 'same'), aFile('b/two.md', 'Same')])[1]).toEqual({
      status: 'refused',
      path: 'b/two.md',
      line: 3,
      reason: 'duplicate of a/one.md: name "same"',
    });
  });

  it('of an id: the second is refused, at the line of its id', () => {
    expect(refuse([aFile('one.md', 'one', ID), aFile('two.md', 'two', ID.toUpperCase())])[1]).toEqual({
      status: 'refused',
      path: 'two.md',
      line: 5,
      reason: `duplicate of one.md: agent_id ${ID}`,
    });
  });

  it('of an id: the one that a live agent is named as is taken, wherever it stands', () => {
    const files = [aFile('coder-copy.md', 'coder-copy', ID), aFile('coder.md', 'coder', ID)];
    const [copy, original] = refuse(files, 'coder');
    expect(original).toBe(files[1]);
    expect(copy).toEqual({
      status: 'refused',
      path: 'coder-copy.md',
      line: 5,
      reason: `duplicate of coder.md: agent_id ${ID}`,
    });
  });

  it('of an id, and live agents are named as both: the first is taken', () => {
    const files = [aFile('a.md', 'a', ID), aFile('b.md', 'b', ID)];
    expect(statuses(refuse(files, 'a', 'b'))).toEqual(['agent', 'refused']);
  });

  it('are not counted where they are refused themselves', () => {
    const unread: IdentityFileResult = { status: 'refused', path: 'a.md', line: 3, reason: 'bad' };
    const files = [unread, aFile('b.md', 'b', ID), aFile('c.md', 'c', ID), aFile('d.md', 'c')];
    expect(statuses(refuse(files))).toEqual(['refused', 'agent', 'refused', 'agent']);
  });
});
