import { type BatchItemResponse, type BatchWork, ContractPipe } from '#contract';
import { attemptEach, type Outcome, type RecordedItem, StoreUnavailable } from '#kernel';
import type { ErrorAnswers, FailedRequest } from '../error-answers.js';
import type { ItemProblem } from '../problem-details.js';

const CREATED = 201;
const REPEATED = 200;

/** An item as it came: its place, and what gives its value or throws why it has none. */
export interface BatchItem {
  readonly index: number;
  readonly read: () => unknown;
}

/** The items of one request on their way: each as if it had come in a call of its own, recorded slice by slice. */
export class BatchItems<Item extends object> {
  private readonly pipe = new ContractPipe();
  accepted = 0;
  rejected = 0;
  /** Why the store could not take an item, the first time that it could not. */
  unavailable: StoreUnavailable | null = null;

  /** @param admit throws where the caller's credentials or rights hold no longer. */
  constructor(
    private readonly work: BatchWork<Item>,
    private readonly request: FailedRequest,
    private readonly errors: ErrorAnswers,
    private readonly admit: () => void,
  ) {}

  /** Never rejects. @returns what became of each item, in order; the accepted ones are on disk. */
  async take(slice: readonly BatchItem[]): Promise<BatchItemResponse[]> {
    return this.settle(
      slice,
      await this.record(slice).catch((error: unknown) => slice.map(() => ({ error }))),
    );
  }

  /** Refuses what the store, which was found unavailable, would not take either. */
  refuse(slice: readonly BatchItem[], error: StoreUnavailable): Promise<BatchItemResponse[]> {
    return this.settle(
      slice,
      slice.map(() => ({ error })),
    );
  }

  private async settle(
    slice: readonly BatchItem[],
    outcomes: readonly Outcome<RecordedItem>[],
  ): Promise<BatchItemResponse[]> {
    const failed = outcomes.flatMap((outcome) => ('error' in outcome ? [outcome.error] : []));
    this.unavailable ??= failed.find((error) => error instanceof StoreUnavailable) ?? null;
    const problems = (await this.errors.ofItems(failed, this.request)).values();
    this.rejected += failed.length;
    this.accepted += outcomes.length - failed.length;
    return slice.map(({ index }, place) => {
      const outcome = outcomes[place];
      if (outcome && 'value' in outcome) {
        const { id, repeated } = outcome.value;
        return { index, status: repeated ? REPEATED : CREATED, id };
      }
      return { index, ...(problems.next().value as ItemProblem) };
    });
  }

  private async record(slice: readonly BatchItem[]): Promise<Outcome<RecordedItem>[]> {
    this.admit();
    const metatype = this.work.item;
    const read = await attemptEach(
      slice,
      (item) => this.pipe.transform(item.read(), { type: 'body', metatype }) as Item,
    );
    const items = read.flatMap((outcome) => ('value' in outcome ? [outcome.value] : []));
    const recorded = (await this.work.record(this.request.context, items)).values();
    return read.map((outcome) =>
      'value' in outcome ? (recorded.next().value as Outcome<RecordedItem>) : outcome,
    );
  }
}
