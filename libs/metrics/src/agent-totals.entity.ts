import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Sums over an agent's life, kept in the transaction of the metrics they sum. */
@Entity('agent_totals')
export class AgentTotalsEntity {
  @PrimaryColumn('text', { name: 'agent_id' })
  agentId!: string;

  @Column('numeric')
  metrics!: number;

  @Column('numeric')
  succeeded!: number;

  @Column('numeric')
  failed!: number;

  @Column('numeric', { name: 'execution_time_us' })
  executionTimeUs!: number;

  /** How many metrics hold an execution time. */
  @Column('numeric', { name: 'execution_time_rows' })
  executionTimeRows!: number;

  @Column('numeric', { name: 'quality_nano' })
  qualityNano!: number;

  /** How many metrics hold a quality score. */
  @Column('numeric', { name: 'quality_rows' })
  qualityRows!: number;

  @Column('numeric', { name: 'cost_micro' })
  costMicro!: number;

  @Column('numeric', { name: 'tokens_used' })
  tokensUsed!: number;

  @Column('numeric', { name: 'tasks_completed' })
  tasksCompleted!: number;

  @Column('numeric', { name: 'tasks_failed' })
  tasksFailed!: number;
}
