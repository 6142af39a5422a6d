interface UnderWay<T> {
  readonly present: Promise<T>;
  /** What those share who asked since it began. */
  next: Promise<T> | null;
}

/**
 * Lets callers that want the same thing share one piece of work, which begins after all of them have asked: each gets what
 * was true when it asked or later, however many ask at once.
 */
export class SharedWork<T> {
  private readonly underWay = new Map<string, UnderWay<T>>();

  /** @param key of what is wanted. @param work what answers it. */
  run(key: string, work: () => Promise<T>): Promise<T> {
    const under = this.underWay.get(key);
    if (!under) return this.begin(key, work);
    const begin = (): Promise<T> => this.begin(key, work);
    return (under.next ??= under.present.then(begin, begin));
  }

  private begin(key: string, work: () => Promise<T>): Promise<T> {
    const present = work();
    const own: UnderWay<T> = { present, next: null };
    this.underWay.set(key, own);
    const end = (): void => {
      if (this.underWay.get(key) === own && own.next === null) this.underWay.delete(key);
    };
    present.then(end, end);
    return present;
  }
}
