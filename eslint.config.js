import eslint from '@eslint/js';
import tseslint from 'typescript-eslint';

/** The direction of imports: each library may import those named here, through their public index only. */
const BASE = ['kernel', 'config'];
const CORE = [...BASE, 'persistence', 'contract', 'rbac'];
const MAY_IMPORT = {
  kernel: [],
  config: ['kernel'],
  persistence: BASE,
  contract: BASE,
  rbac: [...BASE, 'persistence', 'contract'],
  idempotency: [...BASE, 'persistence'],
  audit: CORE,
  // Features do not know each other; they meet in the kernel's ports and in events.
  agents: CORE,
  metrics: CORE,
  budget: CORE,
  decisions: CORE,
  approvals: CORE,
  activity: [...CORE, 'audit'],
  alerts: [...CORE, 'audit'],
};
const LIBRARIES = Object.keys(MAY_IMPORT).join('|');

function restrictions(library, knowsTypeorm) {
  const allowed = MAY_IMPORT[library];
  const patterns = [
    {
      regex: `^#(?!(${allowed.join('|') || '-'})$)`,
      message: `libs/${library} may import ${allowed.map((name) => `#${name}`).join(', ') || 'no other library'}.`,
    },
    { regex: `^(\\.\\./){2,}(${LIBRARIES})/`, message: 'Import other libraries through their index: #name.' },
  ];
  if (!knowsTypeorm) {
    patterns.push({
      regex: '^typeorm($|/)',
      message: 'Only entities, repositories and persistence know TypeORM.',
    });
  }
  if (library === 'kernel') patterns.push({ regex: '^@nestjs/', message: 'The kernel knows no framework.' });
  return { 'no-restricted-imports': ['error', { patterns }] };
}

const directions = Object.keys(MAY_IMPORT).flatMap((library) => [
  { files: [`libs/${library}/src/**/*.ts`], rules: restrictions(library, library === 'persistence') },
  {
    files: [`libs/${library}/src/**/*.{entity,repository}.ts`],
    rules: restrictions(library, library !== 'kernel'),
  },
]);

const NODE_GLOBALS = [
  'process',
  'console',
  'Buffer',
  'URL',
  'fetch',
  'performance',
  'AbortSignal',
  'AbortController',
]
  .concat(['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'setImmediate'])
  .map((name) => [name, 'readonly']);

export default tseslint.config(
  { ignores: ['dist/', 'var/', 'node_modules/', 'coverage/'] },
  eslint.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [...tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { project: './tsconfig.json', tsconfigRootDir: import.meta.dirname } },
    rules: {
      'no-console': 'error',
      // Nest's modules are classes without members.
      '@typescript-eslint/no-extraneous-class': ['error', { allowWithDecorator: true }],
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      // Entities, requests and responses are shapes: classes because decorators need them, plain data in use.
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      '@typescript-eslint/no-misused-spread': 'off',
    },
  },
  ...directions,
  {
    files: ['**/*.spec.ts', '**/*.int-spec.ts', 'test/**/*.ts'],
    rules: {
      // Answers of the service are read as a client reads them, without types.
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      'no-restricted-imports': 'off',
    },
  },
  { files: ['**/*.{js,mjs}'], languageOptions: { globals: Object.fromEntries(NODE_GLOBALS) } },
  {
    files: ['apps/cli/src/**/*.ts', 'apps/api/src/main.ts', 'test/**/*.mjs'],
    rules: { 'no-console': 'off' },
  },
);
