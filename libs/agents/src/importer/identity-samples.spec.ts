import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { agentIdOf } from './imported-name.js';
import { type IdentityFileResult, parseIdentityFile } from './identity-file.js';
import { refuseDuplicates } from './duplicates.js';
import { readIdentityFolder } from './identity-folder.js';
import type { RoleFacts } from './role-derivation.js';

const SAMPLES = new URL('../../../../test/fixtures/identity-files/', import.meta.url);
const FACTS: RoleFacts = {
  roles: 'admin developer reviewer security database frontend backend tester analyst coordinator'.split(' '),
  typicalAgents: new Map(),
};

function sample(file: string, strict = false): IdentityFileResult {
  return parseIdentityFile(file, readFileSync(new URL(file, SAMPLES)), FACTS, { strict });
}

const NOTHING_SAID = {
  roleConfidence: 0,
  roleReasoning: null,
  capabilities: [],
  allowedTools: null,
  deniedTools: null,
  pathScopes: null,
  apiAccess: null,
  requiresApproval: null,
  approvalThresholdUsd: null,
  maxTokensPerSession: null,
  maxCostPerDayUsd: null,
  category: 'uncategorised',
  specialist: false,
  version: null,
  tags: [],
};

describe('the sample identity files', () => {
  it('01: reads every field of a clean file, without notes', () => {
    expect(sample('01-clean.md')).toEqual({
      status: 'agent',
      path: '01-clean.md',
      agent: {
        name: 'contract-designer',
        agentId: '5f1c2f1e-6d0a-4b55-9a43-0d5a3e0b7c11',
        role: 'backend',
        roleConfidence: 0.8,
        roleReasoning: 'Designs server interfaces',
        capabilities: ['rest-design', 'openapi'],
        allowedTools: ['Read', 'Write', 'Edit'],
        deniedTools: [],
        pathScopes: ['backend/**', 'src/api/**'],
        apiAccess: ['github', 'memory-mcp'],
        requiresApproval: false,
        approvalThresholdUsd: 10,
        maxTokensPerSession: 180000,
        maxCostPerDayUsd: 25,
        category: 'delivery',
        specialist: true,
        version: '1.2.0',
        tags: ['api'],
      },
      notes: [],
      nameLine: 2,
      idLine: 8,
    });
  });

  it('02: reads unquoted globs', () => {
    expect(sample('02-unquoted-globs.md')).toEqual({
      status: 'agent',
      path: '02-unquoted-globs.md',
      agent: {
        ...NOTHING_SAID,
        name: 'load-tester',
        agentId: 'c0a8f3de-02a1-4e0e-8a2f-6f3f2b9d1e22',
        role: 'tester',
        roleConfidence: 0.9,
        allowedTools: ['Read', 'Bash'],
        pathScopes: ['tests/**', '**/*.test.*', '**/*.spec.*'],
        apiAccess: ['github'],
        maxTokensPerSession: 150000,
        maxCostPerDayUsd: 20,
        category: 'quality',
      },
      notes: ['not valid YAML (line 13): read line by line'],
      nameLine: 2,
      idLine: 4,
    });
  });

  it('03: reads what follows a broken hooks part', () => {
    expect(sample('03-broken-hooks.md')).toMatchObject({
      status: 'agent',
      agent: {
        ...NOTHING_SAID,
        name: 'release-runner',
        agentId: '7a3b1c90-1f7e-4d8b-b6a1-5c2d9e8f3a33',
        role: 'developer',
        allowedTools: ['Read', 'Bash'],
        pathScopes: ['scripts/**'],
        maxTokensPerSession: 200000,
        maxCostPerDayUsd: 30,
        category: 'operations',
      },
    });
  });

  it('04: takes undefined, empty and a lone dash as absent', () => {
    expect(sample('04-undefined-and-empty.md')).toMatchObject({
      status: 'agent',
      agent: {
        ...NOTHING_SAID,
        name: 'data-sketcher',
        role: 'analyst',
        roleConfidence: 0.75,
        allowedTools: ['Read', 'Grep'],
        pathScopes: ['**'],
        approvalThresholdUsd: 10,
        maxCostPerDayUsd: 15,
        category: 'research',
      },
    });
  });

  it('05: drops comments outside quotes', () => {
    expect(sample('05-inline-comments.md')).toMatchObject({
      status: 'agent',
      agent: {
        role: 'reviewer',
        allowedTools: ['Read', 'Write'],
        pathScopes: ['docs/**', '*.puml'],
        maxTokensPerSession: 150000,
      },
      notes: [],
    });
  });

  it('06: reads the prefixed generation, derives id and role and says so', () => {
    expect(sample('06-prefixed-brackets.md')).toEqual({
      status: 'agent',
      path: '06-prefixed-brackets.md',
      agent: {
        ...NOTHING_SAID,
        name: 'mesh-runner',
        agentId: agentIdOf('mesh-runner'),
        role: 'coordinator',
        roleConfidence: 0.85,
        roleReasoning: '[ground:capability-analysis] [conf:0.85]',
        allowedTools: ['Read', 'Grep', 'Glob', 'Task'],
        pathScopes: ['src/**', 'tests/**'],
        apiAccess: ['memory-mcp'],
        maxTokensPerSession: 200000,
        maxCostPerDayUsd: 30,
        category: 'orchestration',
        version: '1.0.0',
        tags: ['source-id:mesh-runner-20251229'],
      },
      nameLine: 2,
      idLine: 9,
      notes: [
        'not valid YAML (line 12): read line by line',
        'agent_id was not a UUID: derived from the name',
        'role derived: coordinator ("agent" is no role; category "orchestration")',
      ],
    });
  });

  it('07: reads a subagent, unless strict', () => {
    expect(sample('07-subagent.md')).toMatchObject({
      status: 'agent',
      agent: {
        ...NOTHING_SAID,
        name: 'css-polisher',
        agentId: agentIdOf('css-polisher'),
        role: 'frontend',
        allowedTools: ['Read', 'Edit', 'mcp__playwright__screenshot'],
        category: 'delivery',
        version: '1.0.0',
      },
    });
    expect(sample('07-subagent.md', true)).toMatchObject({
      status: 'left_out',
      reason: expect.stringContaining('strict'),
    });
  });

  it('08: reads past a byte-order mark and CRLF', () => {
    expect(sample('08-crlf-bom.md')).toMatchObject({
      status: 'agent',
      agent: {
        name: 'wire-tapper',
        agentId: '1b2c3d4e-5f60-4718-8293-a4b5c6d7e866',
        role: 'security',
        allowedTools: ['Read', 'Grep'],
        pathScopes: ['**'],
        specialist: true,
      },
    });
  });

  it('09: takes an agent from bold lines, unless strict', () => {
    expect(sample('09-no-front-matter.md')).toMatchObject({
      status: 'agent',
      agent: {
        ...NOTHING_SAID,
        name: '09-no-front-matter',
        role: 'developer',
        category: 'Audit & Validation',
        version: '2.0.0',
        tags: ['source-id:141'],
      },
    });
    expect(sample('09-no-front-matter.md', true).status).toBe('left_out');
  });

  it('10: leaves a README out', () => {
    expect(sample('10-README.md')).toEqual({
      status: 'left_out',
      path: '10-README.md',
      reason: 'a document, not an agent',
    });
  });

  it('11: reads by itself, and is the second of its name in the folder', async () => {
    expect(sample('11-duplicate-name.md').status).toBe('agent');
    const results = refuseDuplicates(await readIdentityFolder(SAMPLES.pathname, FACTS), () => false);
    expect(results.map(({ status }) => status)).toEqual([
      ...Array<string>(9).fill('agent'),
      'left_out',
      'refused',
      'refused',
      'refused',
    ]);
    expect(results[10]).toEqual({
      status: 'refused',
      path: '11-duplicate-name.md',
      line: 2,
      reason: 'duplicate of 01-clean.md: name "contract-designer"',
    });
  });

  it('12: refuses front matter that is never closed', () => {
    expect(sample('12-unterminated.md')).toMatchObject({
      status: 'refused',
      line: 1,
      reason: expect.stringContaining('never closed'),
    });
  });

  it('13: refuses the attack, and no prototype is touched', () => {
    expect(sample('13-tag-attack.md')).toMatchObject({ status: 'refused', line: 8 });
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
  });
});
