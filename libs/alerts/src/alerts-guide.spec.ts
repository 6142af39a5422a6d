import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { parse, stringify } from 'yaml';
import { ALERT_KINDS, ALERT_SEVERITIES, compilePolicy, loadPolicy, policyFile } from '#rbac';

const DEFAULT = policyFile({ policyFile: null });
const GUIDE = readFileSync(new URL('../../../docs/alerts.md', import.meta.url), 'utf8');

describe('the guide to alerts', () => {
  it('shows rules that a policy takes, of every kind and severity', () => {
    const [, example = ''] = /```yaml\n([^]*?)```/.exec(GUIDE) ?? [];
    const document = { ...(parse(readFileSync(DEFAULT, 'utf8')) as object), ...(parse(example) as object) };
    const { alerts } = compilePolicy(stringify(document, { aliasDuplicateObjects: false }));
    expect(new Set(alerts.map(({ when }) => when))).toEqual(new Set(ALERT_KINDS));
    expect(new Set(alerts.map(({ severity }) => severity))).toEqual(new Set(ALERT_SEVERITIES));
  });

  it('says truly that the policy of the package has a rule of each kind', () => {
    const kinds = loadPolicy(DEFAULT).alerts.map(({ when }) => when);
    expect(new Set(kinds)).toEqual(new Set(ALERT_KINDS));
  });
});
