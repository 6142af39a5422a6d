import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { parse, stringify } from 'yaml';
import { DATA_FOLDER } from '#config';
import { PERMISSIONS, ROLE_NAMES } from './policy.js';
import { compilePolicy, loadPolicy } from './policy-document.js';

const DEFAULT = readFileSync(join(DATA_FOLDER, 'policy', 'default.yaml'), 'utf8');

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- the tests put in what the document must not hold
type Document = any;

/** The default policy with a change. */
function changed(change: (document: Document) => void): string {
  const document: Document = parse(DEFAULT);
  change(document);
  return stringify(document, { aliasDuplicateObjects: false });
}

describe('a policy document', () => {
  it.each<[what: string, change: (document: Document) => void, named: RegExp]>([
    ['another version', (d) => (d.version = 2), /version/],
    ['no version', (d) => delete d.version, /version/],
    ['a role missing', (d) => delete d.roles.tester, /roles\.tester/],
    ['an eleventh role', (d) => (d.roles.root = { ...d.roles.admin }), /"root"/],
    [
      'a fact of a role missing',
      (d) => delete d.roles.tester.can_access_secrets,
      /roles\.tester\.can_access_secrets/,
    ],
    [
      'a fact misspelt',
      (d) => (d.roles.tester.can_acess_secrets = false),
      /can_acess_secrets[^]*roles\.tester/,
    ],
    [
      'a right in words',
      (d) => (d.roles.tester.can_modify_agents = 'no'),
      /roles\.tester\.can_modify_agents/,
    ],
    ['tools that are no list', (d) => (d.roles.tester.tools = 'Read'), /roles\.tester\.tools/],
    ['a tool without a name', (d) => d.roles.tester.tools.push(''), /roles\.tester\.tools\[7\]/],
    ['a level below 0', (d) => (d.roles.admin.level = -1), /roles\.admin\.level/],
    ['no tokens', (d) => (d.roles.admin.max_tokens_per_session = 0), /max_tokens_per_session/],
    ['endless money', (d) => (d.roles.admin.max_cost_per_day = Infinity), /roles\.admin\.max_cost_per_day/],
    [
      'a grant to no role',
      (d) => d.also_allowed.tools.BashOutput.push('root'),
      /also_allowed\.tools\.BashOutput\[2\]/,
    ],
    ['an unknown permission', (d) => (d.http_permissions['agents:fly'] = 'everyone'), /agents:fly/],
    [
      'a permission for nobody known',
      (d) => (d.http_permissions['audit:read'] = 'anyone'),
      /http_permissions/,
    ],
    [
      'a permission for an unknown role',
      (d) => (d.http_permissions['audit:read'] = ['root']),
      /http_permissions/,
    ],
    [
      'an unknown permission of agents',
      (d) => d.agent_key_permissions.push('keys:write'),
      /agent_key_permissions\[\d+\]/,
    ],
    ['a part that nobody reads', (d) => (d.exceptions = []), /exceptions/],
    [
      'an operation of no role',
      (d) => (d.high_risk_operations[0].requires_role = 'root'),
      /high_risk_operations\[0\]/,
    ],
    [
      'a pattern that backtracks',
      (d) => (d.redaction.patterns = [{ kind: 'mine', pattern: '(a+)+b' }]),
      /repeated group[^]*redaction\.patterns\[0\]\.pattern/,
    ],
    [
      'a pattern that is none',
      (d) => (d.redaction.patterns = [{ kind: 'mine', pattern: '[a' }]),
      /redaction\.patterns\[0\]\.pattern/,
    ],
    [
      'a pattern of what stands for secrets',
      (d) => (d.redaction.patterns = [{ kind: 'mine', pattern: 're\\w{4,}' }]),
      /\[redacted\][^]*redaction\.patterns\[0\]\.pattern/,
    ],
    [
      'a kind in words',
      (d) => (d.redaction.patterns = [{ kind: 'My Kind', pattern: 'abc' }]),
      /redaction\.patterns\[0\]\.kind/,
    ],
    ['alerts that are no list', (d) => (d.alerts = {}), /alerts/],
    [
      'an alert to something unknown',
      (d) => (d.alerts = [{ id: 'a', when: 'boredom' }]),
      /Expected 'denials' \| 'budget_step' \| 'failure_rate' \| 'unknown_agent' \| 'approvals_waiting', at alerts\[0\]\.when/,
    ],
    [
      'an alert within no time',
      (d) => (d.alerts = [{ id: 'a', when: 'denials', over: 3, within_minutes: 0 }]),
      /expected number to be >=1, at alerts\[0\]\.within_minutes/,
    ],
    [
      'an alert within more than a day',
      (d) => (d.alerts = [{ id: 'a', when: 'denials', over: 3, within_minutes: 1_441 }]),
      /expected number to be <=1440, at alerts\[0\]\.within_minutes/,
    ],
    [
      'an alert that is never quiet',
      (d) => (d.alerts = [{ id: 'a', when: 'unknown_agent', repeat_after_minutes: 0 }]),
      /alerts\[0\]\.repeat_after_minutes/,
    ],
    [
      'two alerts of one id',
      (d) =>
        (d.alerts = ['a', 'b', 'a'].map((id) => ({
          ...{ id, when: 'unknown_agent' },
        }))),
      /Two rules have the id "a": expected one of its own for each, at alerts\[2\]\.id/,
    ],
    [
      'an alert whose id is a sentence',
      (d) => (d.alerts = [{ id: 'Too many!', when: 'unknown_agent' }]),
      /expected small letters, digits and _, at alerts\[0\]\.id/,
    ],
    [
      'an alert without what it is about',
      (d) => (d.alerts = [{ id: 'a', when: 'failure_rate', over: 0.5, within_minutes: 5 }]),
      /alerts\[0\]\.at_least/,
    ],
    [
      'an alert to all failures and more',
      (d) => (d.alerts = [{ id: 'a', when: 'failure_rate', over: 1, within_minutes: 5, at_least: 1 }]),
      /alerts\[0\]\.over/,
    ],
    [
      'an alert to a step that there is not',
      (d) => (d.alerts = [{ id: 'a', when: 'budget_step', steps: ['bankrupt'] }]),
      /alerts\[0\]\.steps\[0\]/,
    ],
    [
      'an alert with a member of another',
      (d) => (d.alerts = [{ id: 'a', when: 'unknown_agent', within_minutes: 5 }]),
      /Unrecognized key: "within_minutes", at alerts\[0\]/,
    ],
    [
      'an alert to approvals that does not say how long or how many',
      (d) => (d.alerts = [{ id: 'a', when: 'approvals_waiting' }]),
      /expected one of for_minutes and over, at alerts\[0\]/,
    ],
    [
      'an alert to approvals that says both',
      (d) => (d.alerts = [{ id: 'a', when: 'approvals_waiting', for_minutes: 5, over: 5 }]),
      /expected one of for_minutes and over, at alerts\[0\]/,
    ],
    [
      'an alert for a role that there is not',
      (d) => (d.alerts = [{ id: 'a', when: 'unknown_agent', roles: ['root'] }]),
      /alerts\[0\]\.roles\[0\]/,
    ],
    [
      'a severity of its own',
      (d) => (d.alerts = [{ id: 'a', when: 'unknown_agent', severity: 'mild' }]),
      /alerts\[0\]\.severity/,
    ],
  ])('with %s is refused by name', (_what, change, named) => {
    expect(() => compilePolicy(changed(change))).toThrow(named);
  });

  it('names all that is wrong at once', () => {
    const broken = changed((d: Document) => {
      d.version = 3;
      d.roles.admin.level = 'high';
    });
    expect(() => compilePolicy(broken)).toThrow(/version[^]*roles\.admin\.level/);
  });

  it.each([
    ['nothing', ''],
    ['a text', 'everything is allowed'],
    ['a list', '- admin'],
    ['no YAML', 'roles: [unclosed'],
    ['a key twice', `${DEFAULT}\nversion: 1\n`],
    ['an alias', 'version: &v 1\nroles: *v\n'],
  ])('that is %s is refused', (_what, text) => {
    expect(() => compilePolicy(text)).toThrow(/^The policy is not valid:/);
  });

  it('without alerts has none', () => {
    expect(compilePolicy(changed((d: Document) => delete d.alerts)).alerts).toEqual([]);
  });

  it('fills in what an alert leaves out', () => {
    const [rule, waits] = compilePolicy(
      changed(
        (d: Document) =>
          (d.alerts = [
            { id: 'many', when: 'denials', over: 3, within_minutes: 2, agents: ['coder'] },
            { id: 'waits', when: 'approvals_waiting', for_minutes: 5 },
          ]),
      ),
    ).alerts;
    expect(rule).toEqual({
      ...{ id: 'many', when: 'denials', over: 3, withinMs: 120_000, severity: 'warning' },
      ...{ repeatMs: 3_600_000, roles: null, agents: new Set(['coder']) },
    });
    expect(waits).toMatchObject({ forMs: 300_000, over: null });
  });

  it('gives a permission to everyone, to the roles with a right, to a list, or to nobody', () => {
    const policy = compilePolicy(
      changed((d: Document) => {
        d.http_permissions = {
          'agents:read': 'everyone',
          'agents:write': 'can_modify_agents',
          'audit:read': ['tester', 'analyst'],
          'stream:read': [],
        };
        d.roles.coordinator.can_modify_agents = true;
      }),
    );
    const holders = Object.fromEntries(
      PERMISSIONS.map((name) => [name, ROLE_NAMES.filter((role) => policy.roleAllows(role, name))]),
    );
    expect(holders).toEqual({
      ...Object.fromEntries(PERMISSIONS.map((name) => [name, []])),
      'agents:read': [...ROLE_NAMES],
      'agents:write': ['admin', 'coordinator'],
      'audit:read': ['tester', 'analyst'],
    });
  });

  it("gives agents' keys what it lists, whatever their role", () => {
    const policy = compilePolicy(changed((d: Document) => (d.agent_key_permissions = ['budget:charge'])));
    expect(PERMISSIONS.filter((name) => policy.agentKeyAllows(name))).toEqual(['budget:charge']);
  });

  it('adds what is allowed beside a role to that role alone', () => {
    const policy = compilePolicy(
      changed((d: Document) => (d.also_allowed.api_access = { jira: ['tester'] })),
    );
    expect(ROLE_NAMES.filter((role) => policy.role(role).apiAccess.includes('jira'))).toEqual(['tester']);
  });

  it('names the line and column of a pattern that is refused', () => {
    const text = DEFAULT.replace(
      '  patterns: []',
      "  patterns:\n    - kind: good\n      pattern: 'TCK-[0-9]{4,8}'\n    - kind: bad\n      pattern: 'x+y'",
    );
    const line = text.split('\n').findIndex((each) => each.includes("'x+y'")) + 1;
    expect(() => compilePolicy(text, 'own.yaml')).toThrow(
      new RegExp(`own\\.yaml:${line}:7: expected a bound.*redaction\\.patterns\\[1\\]\\.pattern`),
    );
  });

  it('masks what it names beside what is built in, nothing where that is off, and the built-in where it is silent', () => {
    const secrets = `TCK-12345 AKIA${'A1B2'.repeat(4)}`;
    const redacted = (change: (document: Document) => void): string =>
      compilePolicy(changed(change)).redactor.text(secrets);
    const own = [{ kind: 'ticket', pattern: 'tck-[0-9]{4,8}', ignore_case: true }];
    expect(redacted((d) => (d.redaction.patterns = own))).toBe('[redacted] [redacted]');
    expect(redacted((d) => (d.redaction = { enabled: false, patterns: own }))).toBe(secrets);
    expect(redacted((d) => delete d.redaction)).toBe('TCK-12345 [redacted]');
  });

  it('that is not there is named', () => {
    expect(() => loadPolicy('/nowhere/policy.yaml')).toThrow(/\/nowhere\/policy\.yaml/);
  });
});
