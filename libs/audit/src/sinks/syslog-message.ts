import { hostname } from 'node:os';
import { formatTime } from '#contract';
import type { RecordedEvent } from '#kernel';
import { toAuditEntryResponse } from '../dto/audit-entry.response.js';

/** What receivers must take at the least is 2,048, and should be 8,192 (RFC 5425, section 4.3.1). */
export const MAX_MESSAGE_BYTES = 8_192;

/** "Log audit" (RFC 5424, section 6.2.1). */
const FACILITY = 13;
const [CRITICAL, WARNING, NOTICE, INFORMATIONAL] = [2, 4, 5, 6];
const SEVERITIES: Readonly<Record<string, number>> = { denied: WARNING, requires_approval: NOTICE };
/** Alerts say how grave they are. */
const ALERTS: Readonly<Record<string, number>> = { critical: CRITICAL, warning: WARNING };
const NONE = '-';
const APP_NAME = 'agent-reality-map';
/** The number that RFC 5612 keeps for documents: this project has none of its own. */
const SD_ID = 'audit@32473';
/** To how many characters each text is cut until the message fits. */
const CUTS = [1_024, 256, 48];

/** An entry as a message of RFC 5424 in ASCII alone, with its length before it (RFC 6587, section 3.4.1). */
export function toFrame(event: RecordedEvent): string {
  const message = toMessage(event);
  return `${message.length} ${message}`;
}

function toMessage(event: RecordedEvent): string {
  const entry = toAuditEntryResponse(event);
  const whole = messageOf(event, entry, false);
  if (whole.length <= MAX_MESSAGE_BYTES) return whole;
  for (const most of CUTS) {
    const cut = { ...entry, context: null, truncated: true };
    const message = messageOf(event, withShortTexts(cut, most), true);
    if (message.length <= MAX_MESSAGE_BYTES) return message;
  }
  return messageOf(event, { audit_id: event.auditId, seq: event.seq, truncated: true }, true);
}

function messageOf(event: RecordedEvent, content: unknown, isCut: boolean): string {
  const severity = severityOf(event);
  const parameters = { seq: String(event.seq), audit_id: event.auditId, decision: event.rbacDecision };
  const data = Object.entries({ ...parameters, ...(isCut ? { truncated: 'true' } : {}) })
    .map(([name, value]) => `${name}="${toParameter(value)}"`)
    .join(' ');
  const header = [
    `<${FACILITY * 8 + severity}>1`,
    formatTime(event.recordedAt),
    toName(hostname(), 255),
    APP_NAME,
    // Another process than this one may have recorded it.
    NONE,
    toName(event.operationType, 32),
  ].join(' ');
  return `${header} [${SD_ID} ${data}] ${toAscii(JSON.stringify(content))}`;
}

function severityOf({ source, operationType, outcome, rbacDecision }: RecordedEvent): number {
  if (source === 'decided' && operationType.startsWith('alert.'))
    return ALERTS[outcome ?? ''] ?? INFORMATIONAL;
  return SEVERITIES[rbacDecision] ?? INFORMATIONAL;
}

/** A header's field: printable ASCII without blanks; what else there is becomes `_`. */
function toName(text: string, most: number): string {
  return text.replace(/[^\x21-\x7e]/gu, '_').slice(0, most) || NONE;
}

/** The value of a parameter (RFC 5424, section 6.3.3). */
function toParameter(text: string): string {
  const short = text.slice(0, 64);
  return short.replace(/[^\x20-\x7e]/gu, '_').replace(/["\\\]]/g, '\\$&');
}

/** JSON without control characters and in ASCII, so that it needs no mark of its encoding, and its length is that of its bytes. */
function toAscii(json: string): string {
  return json.replace(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function withShortTexts(value: unknown, most: number): unknown {
  if (typeof value === 'string') return value.slice(0, most).toWellFormed();
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [name, withShortTexts(member, most)]),
  );
}
