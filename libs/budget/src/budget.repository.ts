import { Injectable } from '@nestjs/common';
import { Reader } from '#persistence';

export interface UsageRow {
  tokens_used: number;
  cost_micro: number;
}

@Injectable()
export class BudgetRepository {
  constructor(private readonly reader: Reader) {}

  /** What an account used on a budget day; nothing where it has no charge. */
  async getUsage(account: string, day: string): Promise<UsageRow> {
    const [row] = await this.reader.query<UsageRow>(
      'SELECT tokens_used, cost_micro FROM budget_usage WHERE account = ? AND day = ?',
      [account, day],
    );
    return row ?? { tokens_used: 0, cost_micro: 0 };
  }
}
