import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { DATA_FOLDER } from '#config';
import { type Role, ROLE_NAMES } from './policy.js';
import { loadPolicy } from './policy-document.js';

/** What the ten roles are, as the teams that rely on them wrote it down. */
const FACTS: readonly Role[] = [
  {
    name: 'admin',
    level: 10,
    tools: ['*'],
    paths: ['**'],
    apiAccess: ['*'],
    canSpawnAgents: true,
    canModifyAgents: true,
    canAccessSecrets: true,
    requiresApprovalFor: ['KillShell', 'file_delete', 'production_deploy'],
    maxTokensPerSession: 500_000,
    maxCostPerDayMicro: 100_000_000,
    typicalAgents: ['system-architect', 'security-manager'],
  },
  {
    name: 'developer',
    level: 8,
    tools: ['Read', 'Write', 'Edit', 'MultiEdit', 'Bash', 'Grep', 'Glob', 'Task', 'TodoWrite', 'BashOutput'],
    paths: ['src/**', 'tests/**', 'scripts/**', 'config/**'],
    apiAccess: ['github', 'gitlab', 'memory-mcp'],
    canSpawnAgents: true,
    canModifyAgents: false,
    canAccessSecrets: false,
    requiresApprovalFor: ['production_deploy'],
    maxTokensPerSession: 200_000,
    maxCostPerDayMicro: 30_000_000,
    typicalAgents: ['coder', 'backend-dev', 'frontend-developer', 'mobile-dev'],
  },
  {
    name: 'reviewer',
    level: 6,
    tools: ['Read', 'Grep', 'Glob', 'Task'],
    paths: ['**'],
    apiAccess: ['github', 'memory-mcp', 'connascence-analyzer'],
    canSpawnAgents: false,
    canModifyAgents: false,
    canAccessSecrets: false,
    requiresApprovalFor: [],
    maxTokensPerSession: 150_000,
    maxCostPerDayMicro: 20_000_000,
    typicalAgents: ['reviewer', 'code-analyzer', 'functionality-audit'],
  },
  {
    name: 'security',
    level: 7,
    tools: ['Read', 'Grep', 'Glob', 'Task', 'WebFetch'],
    paths: ['**'],
    apiAccess: ['github', 'memory-mcp', 'connascence-analyzer'],
    canSpawnAgents: true,
    canModifyAgents: false,
    canAccessSecrets: true,
    requiresApprovalFor: ['penetration_test'],
    maxTokensPerSession: 180_000,
    maxCostPerDayMicro: 25_000_000,
    typicalAgents: ['security-manager', 'security-audit-agent', 'compliance-validator'],
  },
  {
    name: 'database',
    level: 7,
    tools: ['Read', 'Write', 'Edit', 'Bash', 'Task'],
    paths: ['backend/**', 'database/**', 'migrations/**', 'schemas/**'],
    apiAccess: ['memory-mcp'],
    canSpawnAgents: false,
    canModifyAgents: false,
    canAccessSecrets: true,
    requiresApprovalFor: ['production_migration'],
    maxTokensPerSession: 150_000,
    maxCostPerDayMicro: 20_000_000,
    typicalAgents: ['sql-database-specialist', 'database-migration-agent', 'query-optimization-agent'],
  },
  {
    name: 'frontend',
    level: 6,
    tools: ['Read', 'Write', 'Edit', 'MultiEdit', 'Bash', 'Grep', 'Glob', 'Task'],
    paths: ['frontend/**', 'src/components/**', 'src/pages/**', 'public/**', 'styles/**'],
    apiAccess: ['github', 'memory-mcp'],
    canSpawnAgents: false,
    canModifyAgents: false,
    canAccessSecrets: false,
    requiresApprovalFor: [],
    maxTokensPerSession: 150_000,
    maxCostPerDayMicro: 20_000_000,
    typicalAgents: ['react-specialist', 'vue-developer', 'ui-component-builder', 'css-styling-specialist'],
  },
  {
    name: 'backend',
    level: 7,
    tools: ['Read', 'Write', 'Edit', 'MultiEdit', 'Bash', 'Grep', 'Glob', 'Task', 'BashOutput'],
    paths: ['backend/**', 'src/api/**', 'src/services/**', 'src/models/**', 'tests/**'],
    apiAccess: ['github', 'gitlab', 'memory-mcp'],
    canSpawnAgents: true,
    canModifyAgents: false,
    canAccessSecrets: false,
    requiresApprovalFor: [],
    maxTokensPerSession: 180_000,
    maxCostPerDayMicro: 25_000_000,
    typicalAgents: ['backend-dev', 'api-designer', 'golang-backend-specialist', 'rust-systems-developer'],
  },
  {
    name: 'tester',
    level: 6,
    tools: ['Read', 'Write', 'Edit', 'Bash', 'Grep', 'Glob', 'Task'],
    paths: ['tests/**', 'e2e/**', '**/*.test.*', '**/*.spec.*'],
    apiAccess: ['github', 'memory-mcp'],
    canSpawnAgents: false,
    canModifyAgents: false,
    canAccessSecrets: false,
    requiresApprovalFor: [],
    maxTokensPerSession: 150_000,
    maxCostPerDayMicro: 20_000_000,
    typicalAgents: ['tester', 'test-orchestrator', 'integration-test-specialist'],
  },
  {
    name: 'analyst',
    level: 5,
    tools: ['Read', 'Grep', 'Glob', 'WebSearch', 'WebFetch'],
    paths: ['**'],
    apiAccess: ['github', 'memory-mcp'],
    canSpawnAgents: false,
    canModifyAgents: false,
    canAccessSecrets: false,
    requiresApprovalFor: [],
    maxTokensPerSession: 100_000,
    maxCostPerDayMicro: 15_000_000,
    typicalAgents: ['analyst', 'data-analyst', 'performance-analyzer'],
  },
  {
    name: 'coordinator',
    level: 8,
    tools: ['Read', 'Grep', 'Glob', 'Task', 'TodoWrite'],
    paths: ['**'],
    apiAccess: ['memory-mcp', 'flow-nexus', 'ruv-swarm'],
    canSpawnAgents: true,
    canModifyAgents: false,
    canAccessSecrets: false,
    requiresApprovalFor: [],
    maxTokensPerSession: 250_000,
    maxCostPerDayMicro: 40_000_000,
    typicalAgents: ['hierarchical-coordinator', 'mesh-coordinator', 'queen-coordinator', 'planner'],
  },
];

describe('the policy that comes with the service', () => {
  const policy = loadPolicy(join(DATA_FOLDER, 'policy', 'default.yaml'));

  it('has the ten roles and no other', () => {
    expect([...policy.roles.keys()]).toEqual([...ROLE_NAMES]);
    expect(FACTS.map(({ name }) => name)).toEqual([...ROLE_NAMES]);
  });

  it.each(FACTS)('states the facts of the role $name', (facts) => {
    expect(policy.role(facts.name)).toEqual(facts);
  });

  it('knows no role but these', () => {
    for (const name of ['root', 'Admin', '', '__proto__', 'constructor'])
      expect(() => policy.role(name)).toThrow(RangeError);
    expect(policy.roleAllows('root', 'agents:read')).toBe(false);
    expect(policy.roleAllows('__proto__', 'agents:read')).toBe(false);
  });

  it('lets an agent change nothing of the registry', () => {
    expect(policy.agentKeyAllows('agents:write')).toBe(false);
  });
});
