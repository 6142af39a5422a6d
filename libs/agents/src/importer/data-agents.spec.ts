import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import type { ImportedAgent } from './agent-fields.js';
import { readIdentityFolder } from './identity-folder.js';
import { agentIdOf } from './imported-name.js';
import type { RoleFacts } from './role-derivation.js';

const FOLDER = fileURLToPath(new URL('../../../../data/agents', import.meta.url));
const FACTS: RoleFacts = {
  roles: 'admin developer reviewer security database frontend backend tester analyst coordinator'.split(' '),
  typicalAgents: new Map(),
};

const results = await readIdentityFolder(FOLDER, FACTS, { strict: true });
const agents = results.flatMap((result) => (result.status === 'agent' ? [result.agent] : []));

function counts(key: (agent: ImportedAgent) => string): Record<string, number> {
  const byKey: Record<string, number> = {};
  for (const agent of agents) byKey[key(agent)] = (byKey[key(agent)] ?? 0) + 1;
  return byKey;
}

describe('the default registry', () => {
  it('is 207 agents, each read without a note, strict or not', async () => {
    expect(results).toHaveLength(207);
    expect(results.filter((result) => result.status !== 'agent' || result.notes.length > 0)).toEqual([]);
    expect(await readIdentityFolder(FOLDER, FACTS)).toEqual(results);
    expect(new Set(agents.map(({ name }) => name)).size).toBe(207);
  });

  it('has the catalogue’s roles', () => {
    expect(counts(({ role }) => role)).toEqual({
      admin: 3,
      analyst: 22,
      backend: 47,
      coordinator: 35,
      database: 7,
      developer: 47,
      frontend: 8,
      reviewer: 15,
      security: 11,
      tester: 12,
    });
  });

  it('has the catalogue’s categories, which are its folders', () => {
    expect(counts(({ category }) => category)).toEqual({
      delivery: 18,
      foundry: 24,
      operations: 27,
      orchestration: 21,
      platforms: 46,
      quality: 17,
      research: 10,
      security: 5,
      specialists: 15,
      tooling: 24,
    });
    for (const result of results) {
      if (result.status !== 'agent') continue;
      expect(result.path.startsWith(`${result.agent.category}/`)).toBe(true);
      expect(result.path.endsWith(`/${result.agent.name}.md`)).toBe(true);
    }
  });

  it('has 37 specialists, and capabilities throughout', () => {
    expect(counts(({ specialist }) => String(specialist))).toEqual({ true: 37, false: 170 });
    expect(agents.filter(({ capabilities }) => capabilities.length === 0)).toEqual([]);
  });

  it('has ids that follow from the names, and inherits every right and limit', () => {
    for (const agent of agents) {
      expect(agent).toMatchObject({
        agentId: agentIdOf(agent.name),
        allowedTools: null,
        deniedTools: null,
        pathScopes: null,
        apiAccess: null,
        requiresApproval: null,
        approvalThresholdUsd: null,
        maxTokensPerSession: null,
        maxCostPerDayUsd: null,
      });
    }
  });
});
