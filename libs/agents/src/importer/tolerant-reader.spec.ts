import { describe, expect, it } from '@jest/globals';
import type { FieldValue } from './fields.js';
import { readTolerantly } from './tolerant-reader.js';

function read(...lines: string[]): Record<string, FieldValue> {
  const { fields } = readTolerantly(lines, 2);
  return Object.fromEntries([...fields].map(([path, field]) => [path, field.value]));
}

const text = (value: string): FieldValue => ({ kind: 'text', text: value });
const list = (...items: string[]): FieldValue => ({ kind: 'list', items });

describe('the tolerant reader', () => {
  it('drops comments outside quotes and keeps them inside', () => {
    const fields = read(
      'identity:',
      '  role: "reviewer"   # read only',
      '  role_reasoning: "C # and \\"F#\\"" # languages',
      "  agent_id: 'it''s # one'",
      'rbac:',
      '  allowed_tools:',
      '    - Write  # docs',
      '    - "a # b"  # c',
      '    - c#',
    );
    expect(fields).toEqual({
      'identity.role': text('reviewer'),
      'identity.role_reasoning': text('C # and "F#"'),
      'identity.agent_id': text("it's # one"),
      'rbac.allowed_tools': list('Write', 'a # b', 'c#'),
    });
  });

  it('reads globs that YAML takes for aliases, flows and maps', () => {
    expect(
      read('rbac:', '  path_scopes:', '    - **', '    - *.md', '    - {src,lib}/**', '    - !(dist)/**'),
    ).toEqual({
      'rbac.path_scopes': list('**', '*.md', '{src,lib}/**', '!(dist)/**'),
    });
  });

  it('reads flow lists on one line and on several', () => {
    expect(
      read(
        'capabilities: [a, "b, c", ] # two',
        'tools: [Read, # first',
        '  Bash(git log, git diff),',
        ']',
        'rbac:',
        '  denied_tools: []',
        '  api_access: [github',
        '  path_scopes: [src/{a,b}/**]',
      ),
    ).toEqual({
      capabilities: list('a', 'b, c'),
      tools: list('Read', 'Bash(git log, git diff)'),
      'rbac.denied_tools': list(),
      'rbac.api_access': { kind: 'unreadable', raw: '[github' },
      'rbac.path_scopes': list('src/{a,b}/**'),
    });
  });

  it('keeps an empty item and an empty field apart from an empty list', () => {
    expect(read('capabilities:', 'rbac:', '  denied_tools:', '    -', '  api_access:')).toEqual({
      capabilities: text(''),
      'rbac.denied_tools': list(''),
      'rbac.api_access': text(''),
    });
  });

  it('takes lists whose dashes stand under their key, and tabs', () => {
    expect(read('tools:', '- Read', 'rbac:', '  denied_tools:', '  - Bash')).toEqual({
      tools: list('Read'),
      'rbac.denied_tools': list('Bash'),
    });
    expect(read('rbac:', '\tdenied_tools:', '\t\t- Bash', '\tallowed_tools: [Read]')).toEqual({
      'rbac.denied_tools': list('Bash'),
      'rbac.allowed_tools': list('Read'),
    });
  });

  it('ends a block at whatever is not indented', () => {
    expect(read('identity:', '  agent_id: x', 'echo "a "b""', '  role: admin')).toEqual({
      'identity.agent_id': text('x'),
    });
    expect(read('identity:', 'role: admin')).toEqual({});
    expect(read('hooks:', '  role: admin', 'identity:', 'hooks:', '  role: admin')).toEqual({});
  });

  it('takes no field from a deeper level', () => {
    expect(read('rbac:', '  extra:', '    denied_tools: [Bash]', '  allowed_tools: [Read]')).toEqual({
      'rbac.allowed_tools': list('Read'),
    });
  });

  it('does not let a list with misplaced dashes pass for an empty one', () => {
    expect(read('rbac:', '  denied_tools:', '- Bash')).toEqual({
      'rbac.denied_tools': { kind: 'unreadable', raw: '' },
    });
    expect(read('rbac:', '  denied_tools:', '    - Bash: no')).toEqual({
      'rbac.denied_tools': { kind: 'unreadable', raw: '' },
    });
  });

  it('skips block scalars and keeps those of its own fields', () => {
    expect(
      read(
        'note: |',
        '  identity:',
        '    role: admin',
        '',
        'identity:',
        '  role_reasoning: >-',
        '    role: # not a field',
        '    [x]',
        '  role: tester',
      ),
    ).toEqual({
      'identity.role_reasoning': text('role: # not a field\n[x]'),
      'identity.role': text('tester'),
    });
  });

  it('joins a value that goes on below', () => {
    expect(read('identity:', '  role_reasoning: some', '    words', '  role: tester')).toEqual({
      'identity.role_reasoning': text('some words'),
      'identity.role': text('tester'),
    });
  });

  it('keeps nested quotes as they stand, as something no list may hold', () => {
    expect(
      read('identity:', '  role_reasoning: "says "hello" twice"', 'rbac:', '  denied_tools:', '    - "a"b"'),
    ).toEqual({
      'identity.role_reasoning': { kind: 'unreadable', raw: 'says "hello" twice' },
      'rbac.denied_tools': { kind: 'unreadable', raw: '"a"b"' },
    });
  });

  it('takes the first of a repeated field and says which', () => {
    const { fields, repeated } = readTolerantly(['rbac:', '  denied_tools: [A]', '  denied_tools: [B]'], 2);
    expect(fields.get('rbac.denied_tools')).toEqual({ line: 3, value: list('A') });
    expect(repeated).toEqual([{ path: 'rbac.denied_tools', line: 4 }]);
  });
});
