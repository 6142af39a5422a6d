import { CreateAgents1795305600000 } from './1795305600000-create-agents.js';
import { CreateAuditLog1795305600001 } from './1795305600001-create-audit-log.js';
import { CreateMetrics1795305600002 } from './1795305600002-create-metrics.js';
import { CreateBudget1795305600003 } from './1795305600003-create-budget.js';
import { CreateApiKeys1795305600004 } from './1795305600004-create-api-keys.js';

/** Every migration, oldest first. A merged one is never edited. */
export const MIGRATIONS = [
  CreateAgents1795305600000,
  CreateAuditLog1795305600001,
  CreateMetrics1795305600002,
  CreateBudget1795305600003,
  CreateApiKeys1795305600004,
];
