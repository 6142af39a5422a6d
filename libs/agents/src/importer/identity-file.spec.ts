import { describe, expect, it } from '@jest/globals';
import { agentIdOf } from './imported-name.js';
import { type IdentityFileResult, parseIdentityFile } from './identity-file.js';
import type { ImportedAgent } from './agent-fields.js';
import type { RoleFacts } from './role-derivation.js';

const FACTS: RoleFacts = { roles: ['developer', 'tester'], typicalAgents: new Map([['coder', 'developer']]) };
const BROKEN = 'note: "a" b';

function parse(text: string, path = 'an-agent.md', strict = false): IdentityFileResult {
  return parseIdentityFile(path, new TextEncoder().encode(text), FACTS, { strict });
}

function withFrontMatter(...lines: string[]): IdentityFileResult {
  return parse(['---', ...lines, '---', '# Agent'].join('\n'));
}

function agentOf(result: IdentityFileResult): ImportedAgent {
  if (result.status !== 'agent') throw new Error(`no agent: ${JSON.stringify(result)}`);
  return result.agent;
}

function notesOf(result: IdentityFileResult): string[] {
  return result.status === 'agent' ? result.notes : [];
}

describe('the name', () => {
  it('is the stem where the front matter has none', () => {
    expect(agentOf(parse('---\nidentity:\n  role: tester\n---\n', 'quality/Load_Tester.md')).name).toBe(
      'load-tester',
    );
  });

  it('is brought into form, with a note', () => {
    const result = withFrontMatter('name: Café Reviewer (v2)');
    expect(agentOf(result).name).toBe('cafe-reviewer-v2');
    expect(notesOf(result)).toContain('name "Café Reviewer (v2)" became "cafe-reviewer-v2"');
  });

  it.each(['registry', 'stats', 'name', 'activity', 'unknown', 'system', 'main', 'Main'])(
    'may not be %s',
    (name) => {
      expect(withFrontMatter('x: 1', `name: ${name}`)).toMatchObject({
        status: 'refused',
        line: 3,
        reason: expect.stringContaining('reserved'),
      });
    },
  );

  it('may be 64 characters long, not more, and not a UUID', () => {
    expect(agentOf(withFrontMatter(`name: ${'a'.repeat(64)}`)).name).toHaveLength(64);
    expect(withFrontMatter(`name: ${'a'.repeat(65)}`)).toMatchObject({ status: 'refused', line: 2 });
    expect(withFrontMatter('name: 5f1c2f1e-6d0a-4b55-9a43-0d5a3e0b7c11')).toMatchObject({
      status: 'refused',
      line: 2,
    });
  });
});

describe('the id', () => {
  it('is the file’s in lower case, else derived from the name alone', () => {
    const given = withFrontMatter('name: a', 'identity:', '  agent_id: 5F1C2F1E-6D0A-4B55-9A43-0D5A3E0B7C11');
    expect(agentOf(given).agentId).toBe('5f1c2f1e-6d0a-4b55-9a43-0d5a3e0b7c11');
    expect(agentOf(withFrontMatter('name: a')).agentId).toBe(agentIdOf('a'));
    expect(agentIdOf('a')).toBe('4155b910-e928-50c0-89d3-76a92c707c8a');
  });

  it('is not the placeholder of all zeros', () => {
    const id = '00000000-0000-0000-0000-000000000000';
    const agent = agentOf(withFrontMatter('name: a', 'identity:', `  agent_id: ${id}`));
    expect(agent).toMatchObject({ agentId: agentIdOf('a'), tags: [`source-id:${id}`] });
  });
});

describe('rights and limits', () => {
  const refusals: [string[], number][] = [
    [['budget:', '  max_tokens_per_session: 0'], 4],
    [['budget:', '  max_tokens_per_session: -5'], 4],
    [['budget:', '  max_tokens_per_session: 1.5'], 4],
    [['budget:', '  max_tokens_per_session: 1000000000001'], 4],
    [['budget:', '  max_tokens_per_session: lots'], 4],
    [['budget:', '  max_cost_per_day: 0'], 4],
    [['budget:', '  max_cost_per_day: 0.0000004'], 4],
    [['budget:', '  max_cost_per_day: 1000000.01'], 4],
    [['budget:', '  max_cost_per_day: .inf'], 4],
    [['budget:', '  max_cost_per_day: .nan'], 4],
    [['budget:', '  max_cost_per_day: 1', '  currency: EUR'], 5],
    [['budget: 5'], 3],
    [['rbac: [Read]'], 3],
    [['rbac:', '  requires_approval: maybe'], 4],
    [['rbac:', '  approval_threshold: -1'], 4],
    [['rbac:', '  allowed_tools:', '    read: true'], 4],
    [['rbac:', '  denied_tools: [[Bash]]'], 4],
    [['rbac:', '  path_scopes: ["a\\0b"]'], 4],
    [['rbac:', '  path_scopes: ["\\ud800"]'], 4],
    [['rbac:', `  path_scopes: [${'a'.repeat(4097)}]`], 4],
  ];

  it.each(refusals)('refuse the file when bad, with the line: %j', (lines, line) => {
    expect(withFrontMatter('name: a', ...lines)).toMatchObject({ status: 'refused', line });
  });

  it.each(refusals.filter(([lines]) => !lines[1]?.includes('\\')))(
    'do so in broken YAML too: %j',
    (lines, line) => {
      expect(withFrontMatter('name: a', ...lines, BROKEN)).toMatchObject({ status: 'refused', line });
    },
  );

  it('take the contract’s extremes', () => {
    const result = withFrontMatter(
      'name: a',
      'rbac:',
      '  approval_threshold: 0',
      'budget:',
      '  max_tokens_per_session: 1e12',
      '  max_cost_per_day: "1000000"',
      '  currency: usd',
    );
    expect(agentOf(result)).toMatchObject({
      approvalThresholdUsd: 0,
      maxTokensPerSession: 1e12,
      maxCostPerDayUsd: 1e6,
    });
  });

  it('tell none from absent', () => {
    const agent = agentOf(
      withFrontMatter(
        'name: a',
        'rbac:',
        '  allowed_tools: []',
        '  denied_tools:',
        '  path_scopes: ~',
        '  api_access: undefined',
      ),
    );
    expect(agent).toMatchObject({ allowedTools: [], deniedTools: null, pathScopes: null, apiAccess: null });
  });

  it('take a comma line of tools, with commas inside parentheses', () => {
    expect(
      agentOf(withFrontMatter('name: a', 'tools: Read, Bash(git log, git diff), Read')).allowedTools,
    ).toEqual(['Read', 'Bash(git log, git diff)']);
  });

  it('prefer the block to the line, and the plain block to the prefixed', () => {
    const agent = agentOf(
      withFrontMatter(
        'name: a',
        'tools: Bash',
        'x-rbac:',
        '  allowed_tools: [Grep]',
        '  denied_tools: [Write]',
        'rbac:',
        '  allowed_tools: [Read]',
      ),
    );
    expect(agent).toMatchObject({ allowedTools: ['Read'], deniedTools: ['Write'] });
  });

  it('keep a subagent’s denials', () => {
    expect(agentOf(withFrontMatter('name: a', 'disallowedTools: Bash, Write')).deniedTools).toEqual([
      'Bash',
      'Write',
    ]);
  });
});

describe('what only describes', () => {
  it.each([
    ['identity', 'role_confidence: 1.01', { roleConfidence: 0 }],
    ['identity', 'role_confidence: high', { roleConfidence: 0 }],
    ['metadata', 'specialist: perhaps', { specialist: false }],
    ['metadata', 'version: "1\\0"', { version: null }],
    ['metadata', 'category: "\\ud800"', { category: 'uncategorised' }],
    ['metadata', 'tags: [[a]]', { tags: [] }],
  ])('is absent when bad, with a note: %s %s', (block, line, expected) => {
    const result = withFrontMatter('name: a', `${block}:`, `  ${line}`);
    expect(agentOf(result)).toMatchObject(expected);
    expect(notesOf(result)).toContainEqual(expect.stringMatching(/ignored \(line 4\)$/));
  });

  it('keeps the spelling of a version', () => {
    expect(agentOf(withFrontMatter('name: a', 'metadata:', '  version: 1.10 # not 1.1')).version).toBe(
      '1.10',
    );
  });

  it('takes the first folder for a category', () => {
    expect(agentOf(parse('---\nname: a\n---\n', 'quality/testing/a.md')).category).toBe('quality');
  });
});

describe('what must never be read', () => {
  const dangers: [string, string[], number][] = [
    ['a custom tag', ['run: !!js/function "function(){}"'], 3],
    ['a custom tag in a list', ['run:', '  - !x y'], 4],
    ['a tag that the YAML package knows', ['run: !!binary aGk='], 3],
    ['__proto__', ['__proto__:', '  polluted: true'], 3],
    ['constructor in a block', ['rbac:', '  constructor: x'], 4],
    ['prototype in an item', ['list:', '  - prototype: x'], 4],
    ['an escaped key', ['"\\u005f_proto__": 1'], 3],
    ['a key of a flow map', ['x: {__proto__: {a: 1}}'], 3],
  ];

  it.each(dangers)('refuses %s', (_what, lines, line) => {
    expect(withFrontMatter('name: a', ...lines)).toMatchObject({ status: 'refused', line });
  });

  it.each(dangers)('refuses %s in broken YAML too', (_what, lines, line) => {
    expect(withFrontMatter('name: a', ...lines, BROKEN)).toMatchObject({ status: 'refused', line });
  });

  it('refuses aliases that stand for more than a hundred', () => {
    const ten = (name: string): string => `[${Array<string>(10).fill(`*${name}`).join(',')}]`;
    const bomb = ['name: a', 'a: &a [x]', `b: &b ${ten('a')}`, `c: ${ten('b')}`];
    expect(withFrontMatter(...bomb)).toMatchObject({
      status: 'refused',
      line: 5,
      reason: expect.stringContaining('alias'),
    });
    expect(withFrontMatter(...bomb, BROKEN)).toMatchObject({ status: 'refused', line: 5 });
  });

  it('follows a few aliases', () => {
    const agent = agentOf(
      withFrontMatter('name: a', 'base: &t [Read]', 'rbac:', '  allowed_tools: *t', '  path_scopes: [src]'),
    );
    expect(agent).toMatchObject({ allowedTools: ['Read'], pathScopes: ['src'] });
  });

  it('lets such words stand in text', () => {
    const result = withFrontMatter(
      'name: a',
      'description: |',
      '  __proto__: !x y',
      'identity:',
      '  role: tester',
      BROKEN,
    );
    expect(agentOf(result).role).toBe('tester');
  });

  it('survives deep nesting', () => {
    expect(['agent', 'refused']).toContain(withFrontMatter('name: a', `x: ${'['.repeat(20000)}`).status);
  });
});

describe('what counts as an agent', () => {
  it.each([
    'README',
    '10-README',
    'readme',
    'CHANGELOG',
    'INDEX',
    'LICENSE',
    'CONTRIBUTING',
    'PROJECT-SUMMARY',
    'impl_summary',
  ])('leaves %s.md out', (stem) => {
    expect(parse('# Heading', `docs/${stem}.md`).status).toBe('left_out');
    expect(parse('---\ndescription: x\n---\n# Heading', `docs/${stem}.md`).status).toBe('left_out');
  });

  it.each(['migration-plan', 'readme-writer', 'meeting-summary', 'indexer'])('takes %s.md', (stem) => {
    expect(agentOf(parse('# Heading', `${stem}.md`)).name).toBe(stem);
  });

  it('takes an identity even from a document’s name', () => {
    expect(parse('---\nname: a\nidentity:\n  role: tester\n---\n', 'README.md', true).status).toBe('agent');
  });

  it('needs a heading or a bold field outside code where there is no front matter', () => {
    expect(parse('Plain text.').status).toBe('left_out');
    expect(parse('```\n# comment\n```\n').status).toBe('left_out');
    expect(parse('').status).toBe('left_out');
    expect(parse('Text.\n- **Version:** 3').status).toBe('agent');
    expect(parse('---\ntitle: x\n---\nPlain text.').status).toBe('left_out');
  });

  it('refuses what is not UTF-8, with the line', () => {
    const bytes = Uint8Array.from([...new TextEncoder().encode('# A\n\n'), 0xff, 0x0a]);
    expect(parseIdentityFile('a.md', bytes, FACTS)).toMatchObject({ status: 'refused', line: 3 });
  });

  it('takes a first rule without a key below it as Markdown', () => {
    expect(parse('---\n\n# Heading\n').status).toBe('agent');
  });

  it('finds front matter below blank lines', () => {
    expect(agentOf(parse('\n\n---\nname: a\nrbac:\n  denied_tools: [Bash]\n---\n')).deniedTools).toEqual([
      'Bash',
    ]);
    expect(parse('\n---\nname: main\n---\n')).toMatchObject({ status: 'refused', line: 3 });
  });
});
