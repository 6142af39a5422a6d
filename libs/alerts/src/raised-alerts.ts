import { createHash } from 'node:crypto';
import type { AlertRule } from '#rbac';
import type { Finding } from './rules/finding.js';

/** That something was alerted to. */
export interface RaisedRow {
  readonly rule_id: string;
  /** A digest: what is told may hold a text that is erased later. */
  readonly subject: string;
  /** Milliseconds UTC. */
  readonly raised_at: number;
}

/** So many subjects of one rule are told one by one within the time of its repeat. */
export const MOST_SUBJECTS = 50;
/** Stands for all that come after them. */
export const MANY = '*';

/** What has been told, and so need not be told again. */
export class RaisedAlerts {
  private readonly byRule = new Map<string, Map<string, number>>();

  constructor(rows: readonly RaisedRow[]) {
    for (const row of rows) this.timesOf(row.rule_id).set(row.subject, row.raised_at);
  }

  /**
   * Decides whether a finding is told, and remembers it if so.
   * @returns what is to be remembered; null where it was told already. `isMany` where it stands for many.
   */
  take({ rule, key, at }: Pick<Finding, 'rule' | 'key' | 'at'>): (RaisedRow & { isMany: boolean }) | null {
    const times = this.timesOf(rule.id);
    const subject = digest(key);
    if (isNear(times.get(subject), at, rule)) return null;
    const told = [...times].filter(([other, time]) => other !== MANY && isNear(time, at, rule)).length;
    const isMany = told >= MOST_SUBJECTS;
    if (isMany && isNear(times.get(MANY), at, rule)) return null;
    const row = { rule_id: rule.id, subject: isMany ? MANY : subject, raised_at: at };
    times.set(row.subject, at);
    return { ...row, isMany };
  }

  private timesOf(ruleId: string): Map<string, number> {
    const times = this.byRule.get(ruleId) ?? new Map<string, number>();
    this.byRule.set(ruleId, times);
    return times;
  }
}

/** On either side, so that a clock that was wrong keeps nothing quiet for long. */
function isNear(time: number | undefined, at: number, { repeatMs }: AlertRule): boolean {
  return time !== undefined && Math.abs(at - time) < repeatMs;
}

function digest(key: string): string {
  return createHash('sha256').update(key).digest('base64');
}
