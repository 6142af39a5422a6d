import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isPlainFrontMatter } from './plain-front-matter.js';
import { readTolerantly } from './tolerant-reader.js';
import { readYaml } from './yaml-reader.js';

const keys = fc.constantFrom(
  'name',
  'tools',
  'capabilities',
  'identity',
  'rbac',
  'x-rbac',
  'agent_id',
  'role',
  'allowed_tools',
  'requires_approval',
  'metadata',
  'tags',
  'hooks',
  'constructor',
);
const values = fc.constantFrom(
  '',
  ' Read',
  ' 1.10',
  ' true',
  ' []',
  ' "a # b: c"',
  ' ""',
  ' src/**',
  ' two words',
  ' a: b',
  ' a #b',
  ' [x]',
  ' *x',
  ' |',
  ' 2 - 1',
);
const line = fc.oneof(
  fc
    .tuple(fc.constantFrom('', '', '  ', '  ', '    '), keys, values)
    .map(([indent, key, value]) => `${indent}${key}:${value}`),
  fc
    .tuple(fc.constantFrom('', '  ', '    ', '      '), values)
    .map(([indent, value]) => `${indent}-${value}`),
  fc.constantFrom('', '  ', '# comment'),
);

describe('plain front matter', () => {
  it('reads the same by line as by YAML', () => {
    let plain = 0;
    fc.assert(
      fc.property(fc.array(line, { maxLength: 7 }), (lines) => {
        if (!isPlainFrontMatter(lines)) return;
        plain += 1;
        const yaml = readYaml(lines, 2);
        expect(yaml).toEqual({ valid: true, fields: readTolerantly(lines, 2).fields });
      }),
      { numRuns: 20_000, seed: 7 },
    );
    expect(plain).toBeGreaterThan(1000);
  });

  it.each([
    ['a repeated key', ['name: a', 'name: b']],
    ['a forbidden key', ['constructor: a']],
    ['a value that YAML may see otherwise', ['name: a: b']],
    ['a comment', ['name: a # b']],
    ['an alias', ['tools:', '  - *a']],
    ['an escape', ['name: "a\\tb"']],
    ['an item under a block', ['rbac:', '  - a']],
    ['keys after items', ['hooks:', '  - a', '  b: c']],
    ['a tag', ['name: !x y']],
  ])('is not what holds %s', (_what, lines) => {
    expect(isPlainFrontMatter(lines)).toBe(false);
  });
});
