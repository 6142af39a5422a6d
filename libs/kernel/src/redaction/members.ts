/** An object of members whose names may have become the same since they were masked: each is kept, later ones with a number. */
export class Members {
  readonly object = Object.create(null) as Record<string, unknown>;
  /** Goes on, so that many of one name cost no more than few. */
  private number = 1;

  set(name: string, value: unknown): void {
    let free = name;
    while (free in this.object) free = `${name} ${(this.number += 1)}`;
    this.object[free] = value;
  }
}
