import type { DecidedDraft, EventDraft, PendingEvent, ReportedToolUse, ToolUseFinding } from '#kernel';
import type { IngestEventRequest } from './dto/ingest-event.request.js';

/** The tool use that a report says has run; null for a report of anything else, or that does not name it. */
export function toToolUse(request: IngestEventRequest, draft: EventDraft): ReportedToolUse | null {
  const { context } = request;
  const id = context?.['tool_use_id'];
  if (context === undefined || typeof id !== 'string' || id === '') return null;
  const ran = draft.decision === 'allowed' || draft.decision === 'unknown';
  if (draft.operationType !== 'tool_use' || !ran) return null;
  return { agentId: draft.agent.agentId, toolUseId: id, context };
}

const REASONS: Readonly<Record<ToolUseFinding['finding'], string>> = {
  executed_differs: 'What ran is not what was decided under this tool use.',
  executed_denied: 'It ran although it was not allowed.',
  ungated: 'It ran and nobody asked whether it may.',
};

/** The entry beside a report that does not fit what was decided. */
export function toFindingEvent(
  report: EventDraft,
  { auditId }: PendingEvent,
  { finding, decisionId }: ToolUseFinding,
): DecidedDraft {
  return {
    agent: report.agent,
    operationType: `tool_use.${finding}`,
    targetResource: auditId,
    targetType: 'event',
    decision: 'unknown',
    reason: REASONS[finding],
    toolUseId: report.toolUseId ?? null,
    context: JSON.stringify({
      finding,
      agent_id: report.agent.agentId,
      agent_name: report.agent.name,
      tool_use_id: report.toolUseId,
      event_id: auditId,
      decision_id: decisionId,
      session_id: sessionOf(report),
    }),
    source: 'decided',
    outcome: finding,
  };
}

/** The session that the report names. */
function sessionOf({ context }: EventDraft): string | undefined {
  const id: unknown = context && (JSON.parse(context) as Record<string, unknown>)['session_id'];
  return typeof id === 'string' ? id : undefined;
}
