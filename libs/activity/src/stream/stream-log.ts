import { Injectable } from '@nestjs/common';
import { AuditRepository, type LogStanding, LogTail } from '#audit';
import { AgentDirectory, type RecordedEvent } from '#kernel';

/** The log, as the stream reads it. */
@Injectable()
export class StreamLog {
  constructor(
    private readonly repository: AuditRepository,
    private readonly tail: LogTail,
    private readonly agents: AgentDirectory,
  ) {}

  /** The `seq` of the newest event that was announced. */
  get position(): number {
    return this.tail.position;
  }

  standing(): Promise<LogStanding> {
    return this.repository.standing();
  }

  /** In log order, from the entry after `seq`. Some may not have been announced yet: the directory knows of them all the same. */
  async findAfter(seq: number, limit: number): Promise<RecordedEvent[]> {
    const events = await this.repository.findAfter(seq, limit);
    await this.agents.catchUp(events);
    return events;
  }
}
