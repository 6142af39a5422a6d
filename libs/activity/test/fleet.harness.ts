import { AuditRepository } from '#audit';
import type { EventBus, TransactionRunner } from '#kernel';
import { toFleetEntry } from '../src/fleet/fleet-entry.js';
import { FleetFold } from '../src/fleet/fleet-fold.js';
import { ACTIVITY_COLUMNS, type ActivityRow } from '../src/fleet/fleet-rows.js';
import { FleetFollower } from '../src/fleet/fleet-follower.js';
import { FleetStateRepository } from '../src/fleet/fleet-state.repository.js';
import { FleetSweepRepository } from '../src/fleet/fleet-sweep.repository.js';
import { IdleRepository } from '../src/fleet/idle.repository.js';
import { IdleWatch } from '../src/fleet/idle-watch.js';
import type { OpenedStore } from '../../../test/support/opened-store.js';

export const IDLE_MS = 60_000;
const CONFIG = { agentIdleAfterMs: IDLE_MS };
const NEVER: EventBus = { publish: () => undefined, subscribe: () => () => undefined };

/** One that is asked to follow, and does not by itself. */
export function followerOf(
  opened: OpenedStore,
  state = new FleetStateRepository(),
  transactions: TransactionRunner = opened.writer,
  log = opened.followed,
): FleetFollower {
  return new FleetFollower(state, new FleetSweepRepository(opened.reader), log, transactions, NEVER, CONFIG);
}

/** A watch by a clock that the test sets. */
export function watchOf(
  opened: OpenedStore,
  clock: { now: () => number },
  follower = followerOf(opened),
): IdleWatch {
  const { reader, writer, trail } = opened;
  return new IdleWatch(new IdleRepository(reader), follower, writer, trail, clock, CONFIG);
}

/** What the tables of the fleet hold, in an order of its own. */
export async function fleetOf({ reader }: OpenedStore) {
  const sessions = await reader.select<Record<string, unknown>>(
    [
      'session_id',
      'session_seq',
      'first_seen_at',
      'last_seen_at',
      'last_seq',
      'entries',
      'cost_micro',
      'tokens_used',
    ],
    'FROM fleet_sessions ORDER BY session_seq',
  );
  const activities = await reader.select<Record<string, unknown>>(
    [
      'session_seq',
      'agent_id',
      'state',
      'entries',
      'cost_micro',
      'tokens_used',
      'last_seq',
      'activated_at',
      'completed_at',
    ],
    'FROM fleet_activities ORDER BY session_seq, agent_id',
  );
  const entries = await reader.select<{ seq: number; session_seq: number }>(
    ['seq', 'session_seq'],
    'FROM fleet_entries ORDER BY seq',
  );
  return { sessions, activities, entries };
}

export async function markOf({ reader }: OpenedStore): Promise<number> {
  const [row] = await reader.query<{ seq: number }>("SELECT seq FROM log_followers WHERE name = 'fleet'");
  return row?.seq ?? -1;
}

/** What the activities are when all of the log is followed at once. */
export async function foldedAtOnce({ reader }: OpenedStore): Promise<readonly ActivityRow[]> {
  const fold = new FleetFold([], [], IDLE_MS);
  for (const event of await new AuditRepository(reader).findAfter(0, 1_000_000))
    fold.apply(toFleetEntry(event));
  return fold.changed.activities;
}

/** What the activities are in the store. */
export function storedActivities({ reader }: OpenedStore): Promise<ActivityRow[]> {
  return reader.select<ActivityRow>(ACTIVITY_COLUMNS, 'FROM fleet_activities');
}
