import { Injectable } from '@nestjs/common';
import { Reader } from '#persistence';
import type { UsageWindow } from './accounts.js';
import { type Usage, UsageSums } from './usage-sums.js';

@Injectable()
export class BudgetRepository {
  constructor(private readonly reader: Reader) {}

  /** What an account used in a window; nothing where it has no charge. */
  async getUsage(window: UsageWindow): Promise<Usage> {
    return (await UsageSums.read(this.reader, [window])).of(window);
  }
}
