import { Injectable } from '@nestjs/common';
import { LogFollower } from '#audit';
import { EventBus, TransactionRunner } from '#kernel';
import { type AlertRule, PolicyInForce } from '#rbac';
import { AlertDesk } from './alert-desk.js';
import { AlertsRaisedRepository } from './alerts-raised.repository.js';
import type { Finding } from './rules/finding.js';
import { countedOf, LogJudge } from './rules/log-judge.js';
import { COUNTED_KINDS, type CountedKind, type WatchedEntry } from './watched-entry.js';
import { type LogPart, WatchedEntriesRepository } from './watched-entries.repository.js';

/** How often it is looked for what could not be judged when it was recorded. */
const TICK_MS = 5_000;

/**
 * Judges the log behind its commits. Alerts and how far the log has been judged commit together, so each entry is judged
 * once in effect, whichever of several instances does it.
 */
@Injectable()
export class AlertFollower extends LogFollower {
  private ticking: NodeJS.Timeout | undefined;

  constructor(
    private readonly entries: WatchedEntriesRepository,
    private readonly raised: AlertsRaisedRepository,
    private readonly desk: AlertDesk,
    private readonly policy: PolicyInForce,
    private readonly transactions: TransactionRunner,
    events: EventBus,
  ) {
    super('alerts', events);
  }

  override onModuleInit(): void {
    super.onModuleInit();
    this.ticking = setInterval(() => this.wake(), TICK_MS).unref();
  }

  override async onModuleDestroy(): Promise<void> {
    clearInterval(this.ticking);
    await super.onModuleDestroy();
  }

  /** Reading and judging hold no lock. */
  protected async followOn(): Promise<boolean> {
    const rules = this.policy.current.alerts;
    const part = await this.entries.next(new Set(rules.map(({ when }) => when)));
    if (!part) return false;
    const findings = await this.judge(rules, part);
    const isMine = await this.transactions.run(this.ctx, async (tx) => {
      const isFirst = await this.raised.advance(tx, part.from, part.to);
      if (isFirst) await this.desk.raiseWithin(tx, findings);
      return isFirst;
    });
    // Where another instance was first, it is seen how far it came.
    return part.isCut || !isMine;
  }

  private async judge(rules: readonly AlertRule[], part: LogPart): Promise<Finding[]> {
    const judge = new LogJudge(rules);
    for (const kind of COUNTED_KINDS) await this.recall(judge, rules, kind, part);
    return part.entries.flatMap((entry) => judge.judge(entry));
  }

  /** Has the judge know what was counted of the agents of this part before it. */
  private async recall(
    judge: LogJudge,
    rules: readonly AlertRule[],
    kind: CountedKind,
    { entries, from }: LogPart,
  ): Promise<void> {
    const widest = Math.max(
      ...rules.map((rule) => (rule.when === kind && 'withinMs' in rule ? rule.withinMs : 0)),
    );
    if (widest <= 0) return;
    for (const [agentId, times] of timesByAgent(entries, kind)) {
      const bounds = { after: Math.min(...times) - widest, last: Math.max(...times) };
      judge.recall(kind, agentId, await this.entries.findCounted(kind, agentId, bounds, from));
    }
  }
}

/** When each agent was counted in these entries. */
function timesByAgent(entries: readonly WatchedEntry[], kind: CountedKind): Map<string, number[]> {
  const byAgent = new Map<string, number[]>();
  for (const entry of entries) {
    if (countedOf(entry)?.kind !== kind) continue;
    const times = byAgent.get(entry.agent.agentId);
    if (times) times.push(entry.at);
    else byAgent.set(entry.agent.agentId, [entry.at]);
  }
  return byAgent;
}
