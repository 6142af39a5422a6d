/** Commands by what is laborious about them. */
export const SHAPES: Readonly<Record<string, string>>;
