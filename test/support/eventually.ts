const PAUSE_MS = 20;

/**
 * Asks until `condition` holds; for what another process or connection brings about.
 * @throws Error when it does not within `boundMs`.
 */
export async function eventually(
  what: string,
  condition: () => boolean | Promise<boolean>,
  boundMs = 20_000,
): Promise<void> {
  const end = performance.now() + boundMs;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`waited in vain for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}
