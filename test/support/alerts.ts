import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { policyFile } from '#rbac';
import { AlertFollower } from '../../libs/alerts/src/alert-follower.js';
import { ApprovalsWatch } from '../../libs/alerts/src/approvals-watch.js';
import type { Answer, TestService } from './service.js';
import type { TestStore } from './store.js';

const DEFAULT = readFileSync(policyFile({ policyFile: null }), 'utf8');

/** A rule of each kind, with bounds so low that few calls meet them. */
export const ALERT_RULES = [
  { id: 'often', when: 'denials', over: 2, within_minutes: 10 },
  { id: 'spent', when: 'budget_step', steps: ['terminate'], severity: 'critical' },
  { id: 'failing', when: 'failure_rate', over: 0.5, within_minutes: 60, at_least: 3 },
  { id: 'stranger', when: 'unknown_agent', severity: 'info', repeat_after_minutes: 1440 },
  { id: 'waits', when: 'approvals_waiting', for_minutes: 5 },
  { id: 'queue', when: 'approvals_waiting', over: 1 },
];

/** The policy that comes with the service with other rules of alerts, in the folder of a store. @returns its file. */
export function policyWithAlerts(store: TestStore, rules: readonly object[] = ALERT_RULES): string {
  const file = join(store.folder, 'policy.yaml');
  const document = { ...(parse(DEFAULT) as object), alerts: rules };
  writeFileSync(file, stringify(document, { aliasDuplicateObjects: false }));
  return file;
}

/** Has all judged that was recorded, and that waits. @returns the alerts, oldest first. */
export async function alertsOf(service: TestService, query = ''): Promise<Answer['body'][]> {
  await service.get(AlertFollower).catchUp();
  await service.get(ApprovalsWatch).look();
  const { body } = await service.request('GET', `/alerts?limit=500${query}`);
  return (body as Answer['body'][]).reverse();
}

/** Calls that meet one rule each. */
export class Trespasser {
  constructor(private readonly service: TestService) {}

  async beDenied(agent: string, times = 3): Promise<void> {
    const denied = { agent_id: agent, tool_name: 'Write', file_path: 'docs/a.md' };
    for (let n = 0; n < times; n += 1) await this.service.request('POST', '/rbac/check', denied);
  }

  async fail(agent: string, times = 3): Promise<void> {
    for (let n = 0; n < times; n += 1)
      await this.service.request('POST', `/agents/${agent}/complete`, { success: false });
  }

  async spend(agent: string, cost_usd = 60): Promise<void> {
    await this.service.request('POST', '/budget/deduct', { agent_id: agent, tokens_used: 1, cost_usd });
  }

  async beUnknown(name: string): Promise<void> {
    const check = { agent_id: name, agent_role: 'developer', tool_name: 'Read', file_path: 'src/a.ts' };
    await this.service.request('POST', '/rbac/check', check);
  }

  /** Asks for an approval. */
  async ask(agent: string, branch = 'main'): Promise<void> {
    const command = { command: `git push origin ${branch}` };
    await this.service.request('POST', '/rbac/check', {
      ...{ agent_id: agent, tool_name: 'Bash', session_id: branch, tool_input: command },
    });
  }
}
