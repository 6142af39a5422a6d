import { Clock, type EventDraft } from '#kernel';
import { type AlertRule, loadPolicy, policyFile, PolicyInForce } from '#rbac';
import { LogAuditTrail } from '../../audit/src/log/audit-trail.js';
import { OpenedStore } from '../../../test/support/opened-store.js';
import type { TestStore } from '../../../test/support/store.js';
import { AlertDesk } from '../src/alert-desk.js';
import { AlertFollower } from '../src/alert-follower.js';
import { AlertsRaisedRepository } from '../src/alerts-raised.repository.js';
import { AlertsRepository, type AlertRow } from '../src/alerts.repository.js';
import type { WatchedEntry } from '../src/watched-entry.js';
import { WatchedEntriesRepository } from '../src/watched-entries.repository.js';

class SetClock extends Clock {
  constructor(public time: number) {
    super();
  }
  now(): number {
    return this.time;
  }
}

/** A store with what judges its log by rules, and entries of any time. */
export class AlertingStore {
  readonly follower: AlertFollower;
  private readonly clock = new SetClock(0);
  private readonly trail: LogAuditTrail;

  private constructor(
    readonly opened: OpenedStore,
    rules: readonly AlertRule[],
  ) {
    const { reader, writer, bus, tail } = opened;
    this.trail = new LogAuditTrail(this.clock, tail);
    const policy = loadPolicy(policyFile({ policyFile: null }));
    const raised = new AlertsRaisedRepository(reader);
    this.follower = new AlertFollower(
      new WatchedEntriesRepository(reader),
      raised,
      new AlertDesk(raised, writer, this.trail),
      new PolicyInForce(Object.create(policy, { alerts: { value: rules } }) as typeof policy),
      writer,
      bus,
    );
  }

  static async open(test: TestStore, rules: readonly AlertRule[]): Promise<AlertingStore> {
    return new AlertingStore(await OpenedStore.open(test), rules);
  }

  /** Commits entries, recorded at `at`. @returns the number of the first. */
  async record(at: number, ...drafts: readonly EventDraft[]): Promise<number> {
    const { writer, ctx } = this.opened;
    const [first] = await writer.run(ctx, (tx) => {
      this.clock.time = at;
      return Promise.resolve(drafts.map((draft) => this.trail.record(tx, draft)));
    });
    return first?.event?.seq ?? 0;
  }

  /** All alerts, oldest first. */
  async alerts(): Promise<AlertRow[]> {
    const { items } = await new AlertsRepository(this.opened.reader).findNewest(
      {},
      { skip: 0, limit: 5_000 },
    );
    return items.reverse();
  }
}

export function toDraft(entry: WatchedEntry, source: EventDraft['source'] = 'decided'): EventDraft {
  return {
    ...{ agent: entry.agent, operationType: entry.operationType, operationDetail: entry.operationDetail },
    ...{ decision: entry.decision, source },
    context: entry.context && JSON.stringify(entry.context),
  };
}
