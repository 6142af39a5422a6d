// @ts-check
/** A mix of what agents ask, without commands: every role, tools of files, of the network and of servers, refused ones too. */

const ROOT = '/home/dev/shop';
const BUDGET = { remainingMicro: 10_000_000, remainingTokens: 100_000, status: 'ok' };
const RIGHTS = {
  allowedTools: null,
  deniedTools: null,
  pathScopes: null,
  apiAccess: null,
  requiresApproval: false,
  approvalThresholdMicro: 10_000_000,
  trusted: true,
};
const NARROW = { ...RIGHTS, deniedTools: ['WebFetch', 'mcp__jira__*'], pathScopes: ['src/**', 'tests/**'] };
const PATHS = [
  'src/orders/orders.service.ts',
  `${ROOT}/src/orders/orders.service.ts`,
  'tests/orders/orders.service.spec.ts',
  `${ROOT}/node_modules/express/lib/router/index.js`,
  'package.json',
  '.env',
  '/etc/passwd',
  '../other/src/a.ts',
  'src/%2e%2e/a.ts',
  'src/größe/größen.ts',
];
const FILE_TOOLS = ['Read', 'Write', 'Edit', 'MultiEdit'];
const OTHER_TOOLS = [
  'WebFetch',
  'Task',
  'TodoWrite',
  'mcp__github__create_issue',
  'mcp__jira__search',
  'Unknown',
];

/** @param {string} toolName */
const request = (toolName, toolInput = {}) => ({
  toolName,
  toolInput,
  filePath: null,
  realPath: null,
  command: null,
  operation: null,
  cwd: ROOT,
  root: ROOT,
  estimatedTokens: null,
  estimatedCostMicro: null,
});

/**
 * @param {Iterable<string>} roles of the policy
 * @returns {{ subject: object, request: object, budget: object }[]}
 */
export function decisionMix(roles) {
  const requests = [
    ...FILE_TOOLS.flatMap((tool) => PATHS.map((path) => request(tool, { file_path: path }))),
    request('Grep', { pattern: 'total', path: 'src', glob: '*.ts' }),
    request('Glob', { pattern: 'src/**/*.ts' }),
    ...OTHER_TOOLS.map((tool) => request(tool)),
  ];
  const subjects = [...roles].flatMap((role) => [
    { name: `${role}-1`, role, rights: RIGHTS },
    { name: `${role}-2`, role, rights: NARROW },
    { name: `${role}-3`, role, rights: null },
  ]);
  return subjects.flatMap((subject) =>
    requests.map((asked) => ({ subject, request: asked, budget: BUDGET })),
  );
}
