import { Column, Entity, PrimaryColumn } from 'typeorm';

/** An amount that was set aside for an agent. Open until it is settled or its time is over. */
@Entity('budget_reservations')
export class ReservationEntity {
  @PrimaryColumn('text', { name: 'reservation_id' })
  reservationId!: string;

  /** The agent's id. */
  @Column('text')
  account!: string;

  /** The agent's role when it reserved. */
  @Column('text')
  role!: string;

  @Column('text', { name: 'session_id', nullable: true })
  sessionId!: string | null;

  /** Who reserved, and alone may settle. */
  @Column('text', { name: 'principal_id' })
  principalId!: string;

  /** micro-USD. */
  @Column('bigint', { name: 'max_cost_micro' })
  maxCostMicro!: number;

  @Column('bigint', { name: 'max_tokens' })
  maxTokens!: number;

  /** Milliseconds UTC, as are the others. */
  @Column('bigint', { name: 'created_at' })
  createdAt!: number;

  /** From then on it holds nothing. */
  @Column('bigint', { name: 'expires_at' })
  expiresAt!: number;

  /** micro-USD; null until settled, as are the next two. */
  @Column('bigint', { name: 'settled_cost_micro', nullable: true })
  settledCostMicro!: number | null;

  @Column('bigint', { name: 'settled_tokens', nullable: true })
  settledTokens!: number | null;

  @Column('bigint', { name: 'settled_at', nullable: true })
  settledAt!: number | null;
}
