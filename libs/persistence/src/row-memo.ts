import { type DialectQueryable, rowReader, selectTexts } from './sql.js';

/** More than the longest page has; beyond it, the longest unused go. */
const KEPT = 1000;

/**
 * What rows are made into, kept by the text that the database gives for a row: one that is read again and has not changed
 * costs a look-up. A text says all about its row, so nothing that is kept can be out of date.
 */
export class RowMemo<Row extends object, Item extends object> {
  private readonly toRow: (text: string) => object;
  /** Those of late, and those before them. */
  private recent = new Map<string, Item>();
  private older = new Map<string, Item>();

  /** @param columns as `Selectable.select` takes them. @param make of a row and nothing else. */
  constructor(
    private readonly columns: readonly string[],
    private readonly make: (row: Row) => Item,
  ) {
    this.toRow = rowReader(columns);
  }

  /** What the rows of `SELECT columns rest` are made into; shared, so not to be changed. */
  async select(db: DialectQueryable, rest: string, parameters: readonly unknown[] = []): Promise<Item[]> {
    const texts = await selectTexts(db, this.columns, rest, parameters);
    return texts.map((text) => this.recent.get(text) ?? this.keep(text));
  }

  /** Lets go of all that is kept, such as what rows were before. */
  clear(): void {
    this.recent = new Map();
    this.older = new Map();
  }

  private keep(text: string): Item {
    const item = this.older.get(text) ?? this.make(this.toRow(text) as Row);
    if (this.recent.size >= KEPT) {
      this.older = this.recent;
      this.recent = new Map();
    }
    this.recent.set(text, item);
    return item;
  }
}
