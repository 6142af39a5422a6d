import type { RecordedEvent } from '#kernel';

/** What an event takes beside its texts. */
const BASE_BYTES = 1_000;

/** About what an event takes in memory. Bytes. */
export function weightOf(event: RecordedEvent): number {
  const { context, operationDetail, targetResource, rbacReason, toolUseId } = event;
  const { agentId, agentName, agentRole, operationType, targetType } = event;
  return (
    BASE_BYTES +
    (context?.length ?? 0) +
    (operationDetail?.length ?? 0) +
    (targetResource?.length ?? 0) +
    (rbacReason?.length ?? 0) +
    (toolUseId?.length ?? 0) +
    agentId.length +
    agentName.length +
    agentRole.length +
    operationType.length +
    (targetType?.length ?? 0)
  );
}
