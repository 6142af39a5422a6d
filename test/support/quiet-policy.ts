import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { policyFile } from '#rbac';
import type { TestStore } from './store.js';

/**
 * The policy that comes with the service, without its alerts: they are entries that come a moment after what they are
 * about, and tests that count entries would count one at times. Tests of alerts have rules of their own.
 */
export const QUIET_POLICY = readFileSync(policyFile({ policyFile: null }), 'utf8').replace(
  /^alerts:[^]*/m,
  '',
);

/** @returns a file that holds it, in the folder of a store. */
export function quietPolicyFile(store: TestStore): string {
  const file = join(store.folder, 'quiet-policy.yaml');
  writeFileSync(file, QUIET_POLICY);
  return file;
}
