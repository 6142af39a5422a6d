import type { Schema } from '../frames/index.js';

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

/** Why a WebSocket was closed (RFC 6455, section 7.4.1; 1013 by the registry of IANA). */
export const CLOSE_CODES: readonly CloseCode[] = [
  { code: 1001, meaning: 'The service stops.', advice: 'Connect again, with `since`.' },
  {
    code: 1008,
    meaning: 'The key has ended, or what it may see has changed.',
    advice: 'Connect again with a key that is valid.',
  },
  { code: 1009, meaning: 'A command was over 64 KiB.', advice: 'Send less.' },
  { code: 1013, meaning: 'The client did not read for 30 s.', advice: 'Connect again, with `since`.' },
];
