/** What the importer needs to know of the roles; the role document is its source. */
export interface RoleFacts {
  readonly roles: readonly string[];
  /** Agent name → role; where two roles name an agent, the first in file order. */
  readonly typicalAgents: ReadonlyMap<string, string>;
}

export interface DerivedRole {
  readonly role: string;
  /** What spoke for it, for the report: `typical agent`, `"sql" in its path or name`, `category "quality"` … */
  readonly because: string;
}

/** In this order: the first role with a word in the path or the name is taken. */
const ROLE_WORDS: readonly (readonly [role: string, words: readonly string[]])[] = [
  ['database', ['database', 'sql', 'dbt', 'migration']],
  ['security', ['security', 'secrets', 'pentest', 'compliance']],
  ['frontend', ['frontend', 'react', 'vue', 'css', 'ui', 'accessibility']],
  ['tester', ['test', 'tdd', 'validat']],
  ['reviewer', ['review', 'audit', 'analy']],
  ['coordinator', ['coordinat', 'orchestrat', 'swarm', 'planner', 'consensus']],
];

/** Too short to stand for the words that begin with it. */
const WHOLE_WORDS: ReadonlySet<string> = new Set(['ui']);

const WORD_PATTERNS = ROLE_WORDS.flatMap(([role, words]) =>
  words.map((word) => ({
    role,
    word,
    pattern: new RegExp(`(?:^|[-_/])${word}${WHOLE_WORDS.has(word) ? '(?=$|[-_/])' : ''}`),
  })),
);

const CATEGORY_ROLES: ReadonlyMap<string, string> = new Map([
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
]);

/**
 * The role of an agent whose file names none of the ten: that of which it is a typical agent, else by words in its
 * path and name, else by its category, else `developer`.
 * @param path relative to the imported folder, `/`-separated, so that no folder above it has a say
 */
export function deriveRole(name: string, path: string, category: string, facts: RoleFacts): DerivedRole {
  const typical = facts.typicalAgents.get(name);
  if (typical !== undefined) return { role: typical, because: 'typical agent' };
  const places = [path.replace(/\.md$/i, '').toLowerCase(), name];
  const found = WORD_PATTERNS.find(({ pattern }) => places.some((place) => pattern.test(place)));
  if (found !== undefined) return { role: found.role, because: `"${found.word}" in its path or name` };
  const byCategory = CATEGORY_ROLES.get(category.toLowerCase());
  if (byCategory !== undefined) return { role: byCategory, because: `category "${category}"` };
  return { role: 'developer', because: 'nothing pointed to another' };
}
