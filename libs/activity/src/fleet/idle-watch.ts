import {
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
} from '@nestjs/common';
import { CONFIG, type Config } from '#config';
import { formatTime } from '#contract';
import {
  AuditTrail,
  Clock,
  Schedule,
  systemContext,
  type TransactionContext,
  TransactionRunner,
} from '#kernel';
import { FleetFollower } from './fleet-follower.js';
import { IdleRepository, type SilentAgent } from './idle.repository.js';

const LOOK_EVERY_MS = 1_000;

/** In the service: records once of each agent that it fell silent. Of several instances one does. */
@Injectable()
export class IdleWatch implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly ctx = systemContext('fleet');
  private readonly logger = new Logger(IdleWatch.name);
  private readonly schedule = new Schedule(
    () => this.look(),
    (error) => this.logger.warn(error, 'idle agents could not be looked for'),
  );
  /** While nobody listens nobody is heard: silence counts from here on. */
  private readonly listeningSince: number;

  constructor(
    private readonly idle: IdleRepository,
    private readonly follower: FleetFollower,
    private readonly transactions: TransactionRunner,
    private readonly trail: AuditTrail,
    private readonly clock: Clock,
    @Inject(CONFIG) private readonly config: Pick<Config, 'agentIdleAfterMs'>,
  ) {
    this.listeningSince = clock.now();
  }

  onApplicationBootstrap(): void {
    this.schedule.start(LOOK_EVERY_MS);
  }

  /** Before the writer closes. */
  onModuleDestroy(): Promise<void> {
    return this.schedule.stop();
  }

  /** Records of all that are silent by now that they are. @throws StoreUnavailable */
  async look(): Promise<void> {
    const time = this.clock.now() - this.config.agentIdleAfterMs;
    if (time < this.listeningSince || !(await this.idle.isDue(time))) return;
    await this.follower.settle();
    while ((await this.transactions.run(this.ctx, (tx) => this.tell(tx, time))) > 0);
  }

  private async tell(tx: TransactionContext, time: number): Promise<number> {
    const silent = await this.idle.mark(tx, time);
    for (const agent of silent) if (agent.is_news === 1) this.record(tx, agent);
    return silent.length;
  }

  private record(tx: TransactionContext, agent: SilentAgent): void {
    const { agent_id, agent_name, agent_role, session_id, seen_at, operation_type } = agent;
    this.trail.record(tx, {
      agent: { agentId: agent_id, name: agent_name, role: agent_role },
      operationType: 'agent.idle',
      targetResource: agent_id,
      targetType: 'agent',
      decision: 'allowed',
      context: JSON.stringify({
        ...{ agent_id, agent_name, session_id, idle_since: formatTime(seen_at) },
        last_operation: operation_type,
      }),
      source: 'decided',
      outcome: 'success',
    });
  }
}
