import type { AlertRule } from '#rbac';
import type { CountedKind, Observation, WatchedEntry } from '../watched-entry.js';
import {
  completionOf,
  isDenial,
  judgeBudgetStep,
  judgeDenials,
  judgeFailureRate,
  judgeUnknownAgent,
} from './entry-rules.js';
import { type Finding, isAbout } from './finding.js';
import { SlidingWindow } from './sliding-window.js';

/** What an entry adds to windows; null for nothing. */
export function countedOf(entry: WatchedEntry): { kind: CountedKind; observation: Observation } | null {
  const completion = completionOf(entry);
  if (completion) return { kind: 'failure_rate', observation: completion };
  return isDenial(entry) ? { kind: 'denials', observation: { at: entry.at, failed: false } } : null;
}

/** Judges entries by rules, in the order of the log. */
export class LogJudge {
  private readonly windows = new Map<string, SlidingWindow>();

  constructor(private readonly rules: readonly AlertRule[]) {}

  /** Takes over what was counted before the first entry. */
  recall(kind: CountedKind, agentId: string, seen: readonly Observation[]): void {
    this.windows.set(keyOf(kind, agentId), new SlidingWindow(seen));
  }

  judge(entry: WatchedEntry): Finding[] {
    const counted = countedOf(entry);
    const window = counted && this.windowOf(counted.kind, entry.agent.agentId);
    if (counted) window?.add(counted.observation);
    return this.rules.flatMap((rule) => {
      const finding = isAbout(rule, entry.agent) ? judgeBy(rule, entry, window) : null;
      return finding ? [finding] : [];
    });
  }

  private windowOf(kind: CountedKind, agentId: string): SlidingWindow {
    const key = keyOf(kind, agentId);
    const window = this.windows.get(key) ?? new SlidingWindow([]);
    this.windows.set(key, window);
    return window;
  }
}

const keyOf = (kind: CountedKind, agentId: string): string => `${kind} ${agentId}`;

function judgeBy(rule: AlertRule, entry: WatchedEntry, window: SlidingWindow | null): Finding | null {
  switch (rule.when) {
    case 'denials':
      return window && judgeDenials(rule, entry, window);
    case 'failure_rate':
      return window && judgeFailureRate(rule, entry, window);
    case 'budget_step':
      return judgeBudgetStep(rule, entry);
    case 'unknown_agent':
      return judgeUnknownAgent(rule, entry);
    case 'approvals_waiting':
      return null;
  }
}
