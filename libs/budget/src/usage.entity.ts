import { Column, Entity, PrimaryColumn } from 'typeorm';

/** The sum of an account's charges on one budget day, kept in their transactions. */
@Entity('budget_usage')
export class UsageEntity {
  @PrimaryColumn('text')
  account!: string;

  @PrimaryColumn('text')
  day!: string;

  @Column('numeric', { name: 'tokens_used' })
  tokensUsed!: number;

  /** micro-USD. */
  @Column('numeric', { name: 'cost_micro' })
  costMicro!: number;
}
