import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A metric as it was reported; amounts in the store's units. */
@Entity('agent_metrics')
export class MetricEntity {
  @PrimaryColumn('text', { name: 'metric_id' })
  metricId!: string;

  @Column('text', { name: 'agent_id' })
  agentId!: string;

  /** The agent's name at that moment. */
  @Column('text', { name: 'agent_name' })
  agentName!: string;

  @Column('text', { name: 'metric_type' })
  metricType!: string;

  /** Microseconds. */
  @Column('bigint', { name: 'execution_time_us', nullable: true })
  executionTimeUs!: number | null;

  /** 0 or 1. */
  @Column('smallint', { nullable: true })
  success!: number | null;

  @Column('bigint', { name: 'tokens_used', nullable: true })
  tokensUsed!: number | null;

  @Column('bigint', { name: 'api_calls', nullable: true })
  apiCalls!: number | null;

  /** micro-USD. */
  @Column('bigint', { name: 'cost_micro', nullable: true })
  costMicro!: number | null;

  /** A score of 0–1 in 10⁻⁹. */
  @Column('bigint', { name: 'quality_nano', nullable: true })
  qualityNano!: number | null;

  @Column('bigint', { name: 'code_violations', nullable: true })
  codeViolations!: number | null;

  @Column('bigint', { name: 'tasks_completed', nullable: true })
  tasksCompleted!: number | null;

  @Column('bigint', { name: 'tasks_failed', nullable: true })
  tasksFailed!: number | null;

  /** JSON text. */
  @Column('text', { nullable: true })
  context!: string | null;

  /** Milliseconds UTC. */
  @Column('bigint', { name: 'recorded_at' })
  recordedAt!: number;
}
