import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { DATA_FOLDER } from '#config';
import { toMicroUsd } from '#kernel';
import { loadPolicy } from '#rbac';
import { type AgentEntity, newAgent } from '../agent.entity.js';
import { type IdentityFileResult, parseIdentityFile } from './identity-file.js';
import { type ImportPlan, planImport, type PlanOptions } from './import-plan.js';

const policy = loadPolicy(join(DATA_FOLDER, 'policy', 'default.yaml'));
const FACTS = { roles: [...policy.roles.keys()], typicalAgents: new Map<string, string>() };
const SOURCE = 'file:/somewhere';
const ID = '5f1c2f1e-6d0a-4b55-9a43-0d5a3e0b7c11';
const OTHER_ID = 'c0a8f3de-02a1-4e0e-8a2f-6f3f2b9d1e22';

function aFile(path: string, name: string, id = '', ...more: string[]): IdentityFileResult {
  const lines = [`name: ${name}`, 'identity:', '  role: developer', `  agent_id: ${id}`, ...more];
  return parseIdentityFile(path, new TextEncoder().encode(['---', ...lines, '---'].join('\n')), FACTS);
}

function plan(
  files: readonly IdentityFileResult[],
  live: readonly AgentEntity[] = [],
  options: Partial<PlanOptions> = {},
): ImportPlan {
  const usedIds = new Set(live.map(({ agentId }) => agentId));
  const given = { source: SOURCE, trusted: false, prune: false, ...options };
  return planImport(files, { live, usedIds }, policy, given);
}

/** The registry after a plan for an empty one was carried out. */
function imported(files: readonly IdentityFileResult[], options: Partial<PlanOptions> = {}): AgentEntity[] {
  return plan(files, [], options).add.map(({ agentId, profile, provenance }) =>
    newAgent(agentId, profile, provenance, 0),
  );
}

const statuses = ({ files }: ImportPlan) => files.map(({ status }) => status);
const NOTHING = { add: [], update: [], retire: [] };

describe('an import that nobody vouches for', () => {
  const edited = (path: string, name: string, id = '') =>
    aFile(path, name, id, 'rbac:', '  allowed_tools: ["*"]');

  it('changes no agent of the same name that somebody vouched for', () => {
    const live = imported([aFile('coder.md', 'coder', ID)], { trusted: true });
    const planned = plan([edited('coder.md', 'coder', OTHER_ID)], live, { prune: true });
    expect(planned).toMatchObject(NOTHING);
    expect(planned.files).toEqual([
      {
        path: 'coder.md',
        name: 'coder',
        status: 'refused',
        line: 1,
        reason: 'the live agent of this name is vouched for; changing it needs --trust',
      },
    ]);
  });

  it('changes no agent of the same id that somebody vouched for, and prunes it no more', () => {
    const live = imported([aFile('coder.md', 'coder', ID)], { trusted: true });
    const planned = plan([edited('moved/other.md', 'other', ID)], live, { prune: true });
    expect(planned).toMatchObject(NOTHING);
    expect(planned.files).toMatchObject([
      {
        status: 'refused',
        line: 1,
        reason: 'the live agent of this agent_id, coder, is vouched for; changing it needs --trust',
      },
    ]);
  });

  it('is refused where the file changes nothing, too, and goes on with the others', () => {
    const files = [aFile('a.md', 'a'), aFile('b.md', 'b')];
    const live = imported(files.slice(0, 1), { trusted: true });
    expect(statuses(plan(files, live))).toEqual(['refused', 'added']);
  });

  it('changes its own agents, and changes all where somebody vouches for it', () => {
    const live = imported([aFile('coder.md', 'coder', ID)]);
    expect(statuses(plan([aFile('coder.md', 'coder', ID)], live))).toEqual(['unchanged']);
    expect(statuses(plan([edited('coder.md', 'coder', ID)], live))).toEqual(['updated']);
    const vouched = imported([aFile('coder.md', 'coder', ID)], { trusted: true });
    expect(statuses(plan([edited('coder.md', 'coder', ID)], vouched, { trusted: true }))).toEqual([
      'updated',
    ]);
  });

  it('keeps the agent of a file that it refuses when it prunes', () => {
    const live = [
      ...imported([aFile('p.md', 'before')]),
      ...imported([aFile('x.md', 'coder')], { trusted: true, source: 'data' }),
    ];
    expect(plan([aFile('p.md', 'coder')], live, { prune: true })).toMatchObject(NOTHING);
  });

  it('has its limits lowered, the approval threshold to the default, with notes', () => {
    const limits = ['rbac:', '  approval_threshold: 10.01', 'budget:', '  max_cost_per_day: 1000000'];
    const greedy = aFile('a.md', 'a', '', ...limits, '  max_tokens_per_session: 1e12');
    const role = policy.role('developer');
    const planned = plan([greedy]);
    expect(planned.add[0]?.profile).toMatchObject({
      approvalThresholdMicro: toMicroUsd(10),
      maxCostPerDayMicro: role.maxCostPerDayMicro,
      maxTokensPerSession: role.maxTokensPerSession,
    });
    expect(planned.files[0]?.notes).toEqual([
      "max_tokens_per_session lowered to the role's limit; --trust keeps it",
      "max_cost_per_day lowered to the role's limit; --trust keeps it",
      'approval_threshold lowered to the default of 10 USD; --trust keeps it',
    ]);
    expect(statuses(plan([greedy], imported([greedy])))).toEqual(['unchanged']);
    expect(plan([greedy], [], { trusted: true }).add[0]?.profile).toMatchObject({
      approvalThresholdMicro: toMicroUsd(10.01),
      maxCostPerDayMicro: toMicroUsd(1e6),
      maxTokensPerSession: 1e12,
    });
  });

  it('keeps lower limits of its own', () => {
    const modest = aFile('a.md', 'a', '', 'rbac:', '  approval_threshold: 0.5');
    const planned = plan([modest]);
    expect(planned.add[0]?.profile.approvalThresholdMicro).toBe(toMicroUsd(0.5));
    expect(planned.files[0]).not.toHaveProperty('notes');
  });
});

describe('matching files with live agents', () => {
  const original = aFile('coder.md', 'coder', ID);
  const live = imported([original]);

  it('does not rename the original for a copy with another name and the same id', () => {
    const copies = [aFile('a-copy.md', 'coder-copy', ID), original, aFile('z-copy.md', 'z-copy', ID)];
    const planned = plan(copies, live, { prune: true });
    expect(planned).toMatchObject(NOTHING);
    expect(planned.files).toMatchObject([
      { status: 'refused', reason: `duplicate of coder.md: agent_id ${ID}` },
      { status: 'unchanged' },
      { status: 'refused', reason: `duplicate of coder.md: agent_id ${ID}` },
    ]);
  });

  it('renames an agent whose file has another name and the same id', () => {
    const planned = plan([aFile('coder.md', 'developer-1', ID)], live);
    expect(planned.add).toEqual([]);
    expect(planned.update).toMatchObject([{ before: { agentId: ID }, changes: { name: 'developer-1' } }]);
  });

  it.each([['a-other.md'], ['z-other.md']])(
    'gives the name precedence over the id that another file, %s, has',
    (path) => {
      const files = [aFile(path, 'other', ID), aFile('coder.md', 'coder', OTHER_ID)];
      const planned = plan(
        files.sort((a, b) => (a.path < b.path ? -1 : 1)),
        live,
      );
      expect(planned.update).toEqual([]);
      expect(planned.add).toMatchObject([{ profile: { name: 'other' } }]);
      expect(planned.add[0]?.agentId).not.toBe(ID);
    },
  );
});
