import type { Verdict } from '#rbac';

/** A denial before the first step. */
const refusal = (rule: string, reason: string, nearest: string | null, marks: string[] = []): Verdict => ({
  decision: 'denied',
  step: 'identity',
  rule,
  reason,
  nearest,
  approvers: null,
  marks,
});

export const TOO_DEEP = refusal('input.too_deep', 'The input nests too deep to be read.', null);
export const REUSED = refusal(
  'tool_use.reused',
  'Another request was decided under this tool use.',
  'A tool_use_id of its own for each use.',
);
export const NOT_REGISTERED = refusal(
  'identity.not_registered',
  'The agent is not registered.',
  'A registered agent.',
  ['unregistered'],
);
