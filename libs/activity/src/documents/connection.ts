import type { Schema } from '../frames/index.js';
import { MAX_QUEUED, STREAM_LIMITS } from '../stream/stream-client.js';

/** Where the stream can be opened. */
export const SSE_PATH = '/api/v1/agents/activity/events';
export const PAGES_PATH = '/api/v1/activity';
export const TICKET_PATH = '/api/v1/activity/ticket';

/** What may stand in the query of a WebSocket, by name. */
export const QUERY: Readonly<Record<string, Schema>> = {
  type: { type: 'string', description: 'Types of frames, separated by commas.' },
  agent: { type: 'string', description: 'Agents, by id or name, separated by commas.' },
  role: { type: 'string', description: 'Roles of agents, separated by commas.' },
  category: { type: 'string', description: 'Categories of agents, separated by commas.' },
  decision: { type: 'string', description: 'Decisions, separated by commas.' },
  since: { type: 'integer', minimum: 0, description: 'What came behind this `seq` is replayed first.' },
  epoch: { type: 'string', description: 'The epoch of `since`; the one does not stand without the other.' },
  start: { type: 'string', enum: ['none'], description: 'Begins without a subscription.' },
  ticket: {
    type: 'string',
    description: `Instead of a key, which browsers cannot send: from \`POST ${TICKET_PATH}\`, good once, within 30 s.`,
  },
};

export interface CloseCode {
  readonly code: number;
  readonly meaning: string;
  readonly advice: string;
}

const { stalledMs, maxLags, lagsMs } = STREAM_LIMITS;
const RESUME = 'Connect again, with `since`.';

/** Why a WebSocket was closed (RFC 6455, section 7.4.1; 1013 by the registry of IANA). */
export const CLOSE_CODES: readonly CloseCode[] = [
  { code: 1001, meaning: 'The service stops.', advice: RESUME },
  { code: 1002, meaning: 'What came breaks the WebSocket protocol.', advice: 'Mend the client.' },
  { code: 1007, meaning: 'A text was not UTF-8.', advice: 'Mend the client.' },
  {
    code: 1008,
    meaning: 'The key has ended, or may not read the stream any more.',
    advice: 'Connect again with a key that is valid.',
  },
  { code: 1008, meaning: 'What the key may see has changed.', advice: RESUME },
  {
    code: 1008,
    meaning: `More than ${MAX_QUEUED} commands waited for their turn.`,
    advice: 'Wait for the answers to commands.',
  },
  { code: 1009, meaning: 'A command was over 64 KiB.', advice: 'Send less.' },
  {
    code: 1013,
    meaning:
      `The client took nothing of what waited for it for ${stalledMs / 1_000} s, or had frames left out more than ` +
      `${maxLags} times within ${lagsMs / 60_000} min.`,
    advice: RESUME,
  },
  {
    code: 1013,
    meaning: 'Another log has begun in the store.',
    advice: 'Connect again, with `since`: `history_lost` tells what is there.',
  },
  { code: 1013, meaning: 'The log cannot be read.', advice: 'Connect again in a while, with `since`.' },
];
