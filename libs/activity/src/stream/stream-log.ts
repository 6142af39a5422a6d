import { Injectable } from '@nestjs/common';
import { AuditRepository, type LogStanding, LogTail } from '#audit';
import type { RecordedEvent } from '#kernel';

/** The log, as the stream reads it. */
@Injectable()
export class StreamLog {
  constructor(
    private readonly repository: AuditRepository,
    private readonly tail: LogTail,
  ) {}

  /** The `seq` of the newest event that was announced. */
  get position(): number {
    return this.tail.position;
  }

  standing(): Promise<LogStanding> {
    return this.repository.standing();
  }

  /** In log order, from the entry after `seq`. */
  findAfter(seq: number, limit: number): Promise<RecordedEvent[]> {
    return this.repository.findAfter(seq, limit);
  }
}
