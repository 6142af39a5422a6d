import { CreateAgents1795305600000 } from './1795305600000-create-agents.js';
import { CreateAuditLog1795305600001 } from './1795305600001-create-audit-log.js';
import { CreateMetrics1795305600002 } from './1795305600002-create-metrics.js';
import { CreateBudget1795305600003 } from './1795305600003-create-budget.js';
import { CreateApiKeys1795305600004 } from './1795305600004-create-api-keys.js';
import { CreateReservations1795392000000 } from './1795392000000-create-reservations.js';
import { CreateDecisions1795395600000 } from './1795395600000-create-decisions.js';
import { CreateApprovals1795396000000 } from './1795396000000-create-approvals.js';
import { AddToolUsesAndOwners1795400000000 } from './1795400000000-add-tool-uses-and-owners.js';
import { AddReadIndexes1795410000000 } from './1795410000000-add-read-indexes.js';
import { CreateMetricRollups1795420000000 } from './1795420000000-create-metric-rollups.js';
import { CreateAuditCounts1795430000000 } from './1795430000000-create-audit-counts.js';
import { CreateIdempotency1795440000000 } from './1795440000000-create-idempotency.js';
import { CreateAuditText1795450000000 } from './1795450000000-create-audit-text.js';
import { CountRollupBuilds1795460000000 } from './1795460000000-count-rollup-builds.js';
import { CreateAuditSegments1795470000000 } from './1795470000000-create-audit-segments.js';
import { CreateAuditCheckpoints1795480000000 } from './1795480000000-create-audit-checkpoints.js';
import { DropRollupBucketIndexes1795490000000 } from './1795490000000-drop-rollup-bucket-indexes.js';
import { OpenAuditRetention1795500000000 } from './1795500000000-open-audit-retention.js';
import { CreateAuditErasures1795510000000 } from './1795510000000-create-audit-erasures.js';
import { CreateAuditSinks1795520000000 } from './1795520000000-create-audit-sinks.js';
import { CreateMetricSpans1795530000000 } from './1795530000000-create-metric-spans.js';
import { PinTriggerPath1795540000000 } from './1795540000000-pin-trigger-path.js';
import { SumEdgesOfSpans1795545000000 } from './1795545000000-sum-edges-of-spans.js';
import { CreateFleet1795550000000 } from './1795550000000-create-fleet.js';
import { CreateAlerts1795560000000 } from './1795560000000-create-alerts.js';
import { IndexLogFilters1795570000000 } from './1795570000000-index-log-filters.js';

/** Every migration, oldest first. A merged one is never edited. */
export const MIGRATIONS = [
  CreateAgents1795305600000,
  CreateAuditLog1795305600001,
  CreateMetrics1795305600002,
  CreateBudget1795305600003,
  CreateApiKeys1795305600004,
  CreateReservations1795392000000,
  CreateDecisions1795395600000,
  CreateApprovals1795396000000,
  AddToolUsesAndOwners1795400000000,
  AddReadIndexes1795410000000,
  CreateMetricRollups1795420000000,
  CreateAuditCounts1795430000000,
  CreateIdempotency1795440000000,
  CreateAuditText1795450000000,
  CountRollupBuilds1795460000000,
  CreateAuditSegments1795470000000,
  CreateAuditCheckpoints1795480000000,
  DropRollupBucketIndexes1795490000000,
  OpenAuditRetention1795500000000,
  CreateAuditErasures1795510000000,
  CreateAuditSinks1795520000000,
  CreateMetricSpans1795530000000,
  PinTriggerPath1795540000000,
  SumEdgesOfSpans1795545000000,
  CreateFleet1795550000000,
  CreateAlerts1795560000000,
  IndexLogFilters1795570000000,
];
