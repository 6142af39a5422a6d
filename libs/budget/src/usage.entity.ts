import { Column, Entity, PrimaryColumn } from 'typeorm';

/** The sum of an account's charges in one window, kept in their transactions. */
@Entity('budget_usage')
export class UsageEntity {
  /** An agent's id, `unknown`, `role:developer` or `fleet`. */
  @PrimaryColumn('text')
  account!: string;

  /** The window: a budget day, a month of them (`2026-01`), or a session (`session:s-1`). */
  @PrimaryColumn('text')
  day!: string;

  @Column('numeric', { name: 'tokens_used' })
  tokensUsed!: number;

  /** micro-USD. */
  @Column('numeric', { name: 'cost_micro' })
  costMicro!: number;
}
