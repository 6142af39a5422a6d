// @ts-check
/** Measures parts of the service by themselves, in a child process. */
import { startScript, stop } from './children.mjs';

const ROOT = new URL('../../', import.meta.url);
const WAIT_SECONDS = 120;

/**
 * @param {string} id of an engine row
 * @param {{ entry: string, seconds: number }} options
 * @returns {Promise<import('./report.mjs').Figures>}
 */
export async function measureEngine(id, { entry, seconds }) {
  const library = new URL('../../../libs/rbac/src/', new URL(entry, ROOT));
  const script = new URL('engine.script.mjs', import.meta.url);
  const { child, message } = await startScript(
    script,
    [id, library.href, seconds],
    (seconds + WAIT_SECONDS) * 1000,
  );
  await stop(child);
  return message;
}
