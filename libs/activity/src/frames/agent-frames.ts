import type { OperationType, RecordedEvent } from '#kernel';
import { contextOf, type FrameForm, toContext } from './frame-form.js';
import { AGENT_ID, AGENT_NAME, AGENT_ROLE } from './members.js';
import { boolean, integer, mapOf, number, objectOf, orNull, text, time } from './schema.js';

const AGENT = { agent_id: AGENT_ID, agent_name: AGENT_NAME, role: AGENT_ROLE };
const VERSION = orNull(integer('The version of its identity, from 1.'));
const TASK = {
  ...AGENT,
  session_id: orNull(text('The session, as it was said.')),
  task: orNull(text('The task, as it was said.')),
};

/** The registry, and what its agents are about. */
export const AGENT_FRAMES = {
  'agent.register': {
    type: 'agent_registered',
    permission: 'stream:read',
    description: 'An agent was registered.',
    schema: objectOf({ ...AGENT, version: VERSION }),
    data: (event) => JSON.stringify({ ...agentOf(event), version: versionOf(event) }),
  },
  'agent.update': {
    type: 'agent_updated',
    permission: 'stream:read',
    description: 'The identity of an agent was changed.',
    schema: objectOf({
      ...AGENT,
      version: VERSION,
      changes: orNull(mapOf(true, 'What has changed, in the words of `PUT /agents/{agent_id}`.')),
    }),
    data: (event) => {
      const { changes = null } = contextOf(event);
      return JSON.stringify({ ...agentOf(event), version: versionOf(event), changes });
    },
  },
  'agent.retire': {
    type: 'agent_retired',
    permission: 'stream:read',
    description: 'An agent left the registry.',
    schema: objectOf(AGENT),
    data: (event) => JSON.stringify(agentOf(event)),
  },
  'agent.activate': {
    type: 'agent_activated',
    permission: 'stream:read',
    description: 'An agent began a task.',
    schema: objectOf(TASK),
    data: (event) => JSON.stringify(taskOf(event)),
  },
  'agent.complete': {
    type: 'agent_completed',
    permission: 'stream:read',
    description: 'An agent ended a task.',
    schema: objectOf({
      ...TASK,
      success: orNull(boolean('Whether it went well.')),
      execution_time_ms: orNull(number('Milliseconds.')),
    }),
    data: (event) => {
      const { success = null, execution_time_ms = null } = contextOf(event);
      return JSON.stringify({ ...taskOf(event), success, execution_time_ms });
    },
  },
  'agent.idle': {
    type: 'agent_idle',
    permission: 'stream:read',
    description: 'An active agent has given no sign of life for `AGENT_IDLE_AFTER`.',
    schema: objectOf({
      agent_id: AGENT_ID,
      agent_name: AGENT_NAME,
      session_id: orNull(text('The session; null where it named none.')),
      idle_since: time('When the last sign of life came.'),
      last_operation: text('Of what operation type it was.'),
    }),
    data: toContext,
  },
} satisfies Partial<Record<OperationType, FrameForm>>;

function agentOf({ agentId, agentName, agentRole }: RecordedEvent): Record<string, unknown> {
  return { agent_id: agentId, agent_name: agentName, role: agentRole };
}

function versionOf(event: RecordedEvent): unknown {
  return contextOf(event)['version'] ?? null;
}

function taskOf(event: RecordedEvent): Record<string, unknown> {
  const { session_id = null, task = null } = contextOf(event);
  return { ...agentOf(event), session_id, task };
}
