import type { OperationType } from '#kernel';
import { ALERT_SEVERITIES } from '#rbac';
import { type FrameForm, toContext } from './frame-form.js';
import { AGENT_ID, AGENT_NAME } from './members.js';
import { described, mapOf, objectOf, oneOf, orNull, text, time, uuid } from './schema.js';

/** One kind of frame for all: what is counted differs by rule, and stands in `figures`. */
const ALERT: FrameForm = {
  type: 'alert',
  permission: 'audit:read',
  description: 'A rule of the policy was met, for the first time within its repeat time.',
  schema: objectOf({
    rule: text('Id of the rule in the policy.'),
    severity: oneOf(ALERT_SEVERITIES, 'How grave it is.'),
    subject: text('The agent or approval that met the rule; `*` for many together.'),
    agent_id: AGENT_ID,
    agent_name: AGENT_NAME,
    message: text('What happened.'),
    figures: mapOf(true, 'What was counted, and the bounds of the rule.'),
    window: orNull(
      described(
        'The time that was looked at; null where none was.',
        objectOf({ from: time('Its begin.'), to: time('Its end.') }),
      ),
    ),
    event_id: orNull(uuid('The entry with which the rule was met.')),
  }),
  data: toContext,
};

/** What somebody is to be told. */
export const ALERT_FRAMES = {
  'alert.approvals_waiting': ALERT,
  'alert.budget_step': ALERT,
  'alert.denials': ALERT,
  'alert.failure_rate': ALERT,
  'alert.unknown_agent': ALERT,
} satisfies Partial<Record<OperationType, FrameForm>>;
