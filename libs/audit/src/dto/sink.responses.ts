import { ApiProperty } from '@nestjs/swagger';
import { formatTime } from '#contract';
import { DEAD_LETTER_CAUSES, type DeadLetter, ENTRY_SOURCES, SINK_STATES } from '../sinks/sink.js';
import { kindOf, shownTarget, SINK_KINDS } from '../sinks/sink-target.js';
import type { SinkStanding } from '../sinks/sinks.repository.js';
import type { CreatedSink } from '../sinks/sinks.service.js';

const ID = '019ab0de-7c1f-7f5a-9d25-2f0c5d9f3a11';
const time = (description: string) => ({
  description,
  type: String,
  format: 'date-time',
  nullable: true,
  example: '2026-01-05T10:00:00.000Z',
});
const texts = (description: string, example: string[]) => ({
  description,
  type: 'array' as const,
  items: { type: 'string' },
  nullable: true,
  example,
});
const count = (description: string, example: number) => ({ description, type: 'integer', example }) as const;

class SinkFilterResponse {
  @ApiProperty({
    description: 'Of this agent alone; null for all.',
    type: String,
    nullable: true,
    example: null,
  })
  agent_id!: string | null;
  @ApiProperty(texts('Of these types alone; null for all.', ['access.denied', 'budget.*']))
  operation_types!: readonly string[] | null;
  @ApiProperty(texts('With these decisions alone; null for all.', ['denied']))
  decisions!: readonly string[] | null;
  @ApiProperty({
    description: 'What clients reported alone, or what this service decided alone; null for both.',
    enum: ENTRY_SOURCES,
    nullable: true,
    example: 'decided',
  })
  source!: string | null;
}

/** Somebody else who gets the log, and how far that came. */
export class SinkResponse {
  @ApiProperty({ description: 'Its id.', format: 'uuid', example: ID })
  sink_id!: string;
  @ApiProperty({ description: 'What it is called.', example: 'siem' })
  name!: string;
  @ApiProperty({ description: 'How it is delivered to.', enum: SINK_KINDS, example: 'webhook' })
  kind!: string;
  @ApiProperty({
    description: 'Where to, without path and query, which may be secret.',
    example: 'https://siem.example/…',
  })
  target!: string;
  @ApiProperty({ description: 'Which entries it gets.', type: SinkFilterResponse })
  filter!: SinkFilterResponse;
  @ApiProperty({
    description: 'Whether it is delivered to. It pauses by itself where its receiver takes nothing any more.',
    enum: SINK_STATES,
    example: 'active',
  })
  state!: string;
  @ApiProperty(
    count('Every entry up to this one was delivered, is not for it, or is in a dead letter.', 4_200),
  )
  delivered_to!: number;
  @ApiProperty(count('How many entries the log holds beyond that.', 0))
  lag!: number;
  @ApiProperty(count('How often the batch that is its turn has failed.', 0))
  failures!: number;
  @ApiProperty(time('Since when it fails; null where it does not.'))
  failing_since!: string | null;
  @ApiProperty(time('When it is tried again; null where it does not fail.'))
  next_attempt_at!: string | null;
  @ApiProperty({
    description: 'Why the last attempt failed; null once one has succeeded.',
    type: String,
    nullable: true,
    example: 'answered 503',
  })
  last_error!: string | null;
  @ApiProperty(time('When something was delivered last; null: not yet.'))
  last_delivered_at!: string | null;
  @ApiProperty(count('How many dead letters it has.', 0))
  dead_letters!: number;
  @ApiProperty(time('Until when the secret before the present one signs too; null for not.'))
  previous_secret_until!: string | null;
  @ApiProperty({ description: 'The principal that made it.', example: 'admin' })
  created_by!: string;
  @ApiProperty({
    description: 'When it was made, ISO 8601 UTC.',
    format: 'date-time',
    example: '2026-01-05T10:00:00.000Z',
  })
  created_at!: string;
}

/** A sink whose secret was just made. */
export class SinkSecretResponse extends SinkResponse {
  @ApiProperty({
    description:
      'By which the receiver of a webhook knows us. It is not stored and not shown again; null for syslog.',
    type: String,
    nullable: true,
    example: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwExampleExam=',
  })
  secret!: string | null;
}

export class DeadLetterResponse {
  @ApiProperty({ description: 'Its id.', format: 'uuid', example: ID })
  dead_letter_id!: string;
  @ApiProperty(count('The first entry of the part of the log that was not delivered.', 101))
  from_seq!: number;
  @ApiProperty(count('The last.', 200))
  to_seq!: number;
  @ApiProperty({
    description:
      '`exhausted`: tried for too long. `refused`: the receiver answered that it will not take it. `removed`: no longer in the log when it was its turn.',
    enum: DEAD_LETTER_CAUSES,
    example: 'exhausted',
  })
  cause!: string;
  @ApiProperty({ description: 'What the last attempt came to.', example: 'answered 503' })
  reason!: string;
  @ApiProperty(count('How often it was tried.', 412))
  attempts!: number;
  @ApiProperty({
    description: 'Since when, ISO 8601 UTC.',
    format: 'date-time',
    example: '2026-01-05T10:00:00.000Z',
  })
  dead_at!: string;
  @ApiProperty(time('When another attempt was asked for that is still to be made; null for none.'))
  queued_at!: string | null;
}

const timeOf = (ms: number | null): string | null => (ms === null ? null : formatTime(ms));

export function toSinkResponse({ sink, lag, deadLetters }: SinkStanding): SinkResponse {
  const { agentId, operationTypes, decisions, source } = sink.filter;
  return {
    sink_id: sink.sinkId,
    name: sink.name,
    kind: kindOf(sink.target),
    target: shownTarget(sink.target),
    filter: { agent_id: agentId, operation_types: operationTypes, decisions, source },
    state: sink.state,
    delivered_to: sink.deliveredTo,
    lag,
    failures: sink.failures,
    failing_since: timeOf(sink.failingSince),
    next_attempt_at: timeOf(sink.nextAttemptAt || null),
    last_error: sink.lastError,
    last_delivered_at: timeOf(sink.lastDeliveredAt),
    dead_letters: deadLetters,
    previous_secret_until: timeOf(sink.previousUntil),
    created_by: sink.createdBy,
    created_at: formatTime(sink.createdAt),
  };
}

export function toSinkSecretResponse({ standing, secret }: CreatedSink): SinkSecretResponse {
  return { ...toSinkResponse(standing), secret };
}

export function toDeadLetterResponse(letter: DeadLetter): DeadLetterResponse {
  return {
    dead_letter_id: letter.deadLetterId,
    from_seq: letter.fromSeq,
    to_seq: letter.toSeq,
    cause: letter.cause,
    reason: letter.reason,
    attempts: letter.attempts,
    dead_at: formatTime(letter.deadAt),
    queued_at: timeOf(letter.queuedAt),
  };
}
