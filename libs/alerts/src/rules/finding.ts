import { formatTime } from '#contract';
import type { EventDraft } from '#kernel';
import type { AlertRule } from '#rbac';

/** That a rule is met. Whether it is told depends on what was told before. */
export interface Finding {
  readonly rule: AlertRule;
  /** What it is about: an agent, an approval. */
  readonly subject: string;
  /** What is told once: the subject, or a part of what happens to it. */
  readonly key: string;
  readonly agent: EventDraft['agent'];
  /** When it was met, milliseconds UTC. */
  readonly at: number;
  readonly message: string;
  readonly figures: Readonly<Record<string, string | number>>;
  readonly window: { readonly from: string; readonly to: string } | null;
  /** The entry with which it was met. */
  readonly cause: { readonly auditId: string; readonly traceId: string } | null;
}

const MINUTE_MS = 60_000;
export const minutesOf = (ms: number): number => ms / MINUTE_MS;

export function windowBefore(at: number, ms: number): { from: string; to: string } {
  return { from: formatTime(at - ms), to: formatTime(at) };
}

/** Whether a rule is about an agent at all. */
export function isAbout({ roles, agents }: AlertRule, { agentId, name, role }: EventDraft['agent']): boolean {
  if (roles && !roles.has(role)) return false;
  return agents === null || agents.has(name) || agents.has(agentId);
}
