import { Injectable } from '@nestjs/common';
import { DomainError } from '#kernel';
import { Reader } from '#persistence';

/** Whether requests can be served: not while starting or draining, and not without the store. */
@Injectable()
export class Health {
  private draining = false;

  constructor(private readonly reader: Reader) {}

  startDraining(): void {
    this.draining = true;
  }

  /** @throws DomainError `SHUTTING_DOWN`; StoreUnavailable */
  async check(): Promise<void> {
    if (this.draining) throw new DomainError('SHUTTING_DOWN', 'The service is shutting down.');
    await this.reader.query('SELECT size FROM agent_audit_head WHERE id = 1');
  }
}
