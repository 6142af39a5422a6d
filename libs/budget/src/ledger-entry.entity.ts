import { Column, Entity, PrimaryColumn } from 'typeorm';

/** One charge. */
@Entity('budget_ledger')
export class LedgerEntryEntity {
  @PrimaryColumn('text', { name: 'charge_id' })
  chargeId!: string;

  /** An agent's id, or `unknown`. */
  @Column('text')
  account!: string;

  /** The budget day it was booked on, `2026-01-31`. */
  @Column('text')
  day!: string;

  /** The agent's role when it was charged; null for `unknown`. */
  @Column('text', { nullable: true })
  role!: string | null;

  @Column('text')
  source!: string;

  @Column('bigint', { name: 'tokens_used' })
  tokensUsed!: number;

  /** micro-USD. */
  @Column('bigint', { name: 'cost_micro' })
  costMicro!: number;

  @Column('text', { name: 'tool_name', nullable: true })
  toolName!: string | null;

  @Column('text', { name: 'session_id', nullable: true })
  sessionId!: string | null;

  @Column('text', { name: 'tool_use_id', nullable: true })
  toolUseId!: string | null;

  @Column('text', { name: 'request_id', nullable: true })
  requestId!: string | null;

  /** The reservation that it settled. */
  @Column('text', { name: 'reservation_id', nullable: true })
  reservationId!: string | null;

  @Column('text', { name: 'principal_id' })
  principalId!: string;

  @Column('text', { name: 'claimed_agent', nullable: true })
  claimedAgent!: string | null;

  @Column('text', { name: 'client_timestamp', nullable: true })
  clientTimestamp!: string | null;

  /** Milliseconds UTC, by this service's clock. */
  @Column('bigint', { name: 'charged_at' })
  chargedAt!: number;
}
