import { describe, expect, it } from '@jest/globals';
import { deriveRole, type RoleFacts } from './role-derivation.js';

const FACTS: RoleFacts = {
  roles: ['developer', 'backend'],
  typicalAgents: new Map([
    ['backend-dev', 'developer'],
    ['sql-helper', 'analyst'],
  ]),
};

function roleOf(path: string, category = 'none'): string {
  const name = path.slice(path.lastIndexOf('/') + 1).replace('.md', '');
  return deriveRole(name, path, category, FACTS).role;
}

describe('a role is derived', () => {
  it('from the typical agents first', () => {
    expect(deriveRole('backend-dev', 'backend-dev.md', 'quality', FACTS)).toEqual({
      role: 'developer',
      because: 'typical agent',
    });
    expect(roleOf('sql-helper.md')).toBe('analyst');
  });

  it.each([
    ['database', ['database', 'sql', 'dbt', 'migration']],
    ['security', ['security', 'secrets', 'pentest', 'compliance']],
    ['frontend', ['frontend', 'react', 'vue', 'css', 'ui', 'accessibility']],
    ['tester', ['test', 'tdd', 'validat']],
    ['reviewer', ['review', 'audit', 'analy']],
    ['coordinator', ['coordinat', 'orchestrat', 'swarm', 'planner', 'consensus']],
  ])('as %s from each of its words', (role, words) => {
    for (const word of words) {
      const rest = word === 'ui' ? '' : 'xyz';
      expect([word, roleOf(`${word}${rest}.md`)]).toEqual([word, role]);
      expect([word, roleOf(`my-${word}${rest}.md`)]).toEqual([word, role]);
      expect([word, roleOf(`my_${word}${rest}.md`)]).toEqual([word, role]);
      expect([word, roleOf(`a/${word}${rest}/b.md`)]).toEqual([word, role]);
      expect([word, roleOf(`my${word}.md`)]).toEqual([word, 'developer']);
    }
  });

  it('from ui only as a whole word', () => {
    expect(roleOf('ui-kit.md')).toBe('frontend');
    expect(roleOf('a/kit_ui.md')).toBe('frontend');
    expect(roleOf('uix.md')).toBe('developer');
    expect(roleOf('guide.md')).toBe('developer');
  });

  it('from the first rule that fits, whatever the order in the path', () => {
    expect(roleOf('test/review-database.md')).toBe('database');
    expect(roleOf('swarm/auditor.md')).toBe('reviewer');
  });

  it('from the folders’ names in any case, and from a name that is not in the path', () => {
    expect(roleOf('Security/x.md')).toBe('security');
    expect(deriveRole('css-x', 'other.md', 'none', FACTS).role).toBe('frontend');
  });

  it.each([
    ['delivery', 'backend'],
    ['platforms', 'backend'],
    ['foundry', 'developer'],
    ['operations', 'developer'],
    ['tooling', 'developer'],
    ['orchestration', 'coordinator'],
    ['quality', 'tester'],
    ['security', 'security'],
    ['research', 'analyst'],
    ['specialists', 'analyst'],
    ['Quality', 'tester'],
    ['anything', 'developer'],
  ])('from the category %s as %s', (category, role) => {
    expect(roleOf('x.md', category)).toBe(role);
  });
});
