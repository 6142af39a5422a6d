// @ts-check
/** What clients send: the request bodies of the benchmark, as a hook of a coding agent writes them. */

/** Cost of one deduction in micro-USD. Not a round figure, so that a sum that drifts is seen. */
export const DEDUCT_MICRO_USD = 137;

/** @param {string} agentId UUID or name */
export const hookEvent = (agentId) => ({
  agent_id: agentId,
  agent_name: 'bench-agent',
  agent_role: 'developer',
  operation_type: 'tool_use',
  operation_detail: 'Edit src/orders/orders.service.ts: replace the total by a running sum',
  target_resource: 'src/orders/orders.service.ts',
  target_type: 'file',
  rbac_decision: 'allowed',
  rbac_reason: 'tool Edit is in the allowed list of role developer',
  cost_usd: 0.0042,
  tokens_used: 1830,
  context: {
    hook_event_name: 'PostToolUse',
    session_id: '0f0f7c1e-6f0e-4b6e-9a44-3a5d3f1c9b21',
    tool_name: 'Edit',
    cwd: '/home/dev/shop',
    permission_mode: 'acceptEdits',
    duration_ms: 41,
  },
});

/** @param {string} agentId UUID or name */
export const executionMetric = (agentId) => ({
  agent_id: agentId,
  metric_type: 'execution',
  execution_time_ms: 812.5,
  success: true,
  tokens_used: 1830,
  api_calls: 3,
  quality_score: 0.91,
  context: { session_id: '0f0f7c1e-6f0e-4b6e-9a44-3a5d3f1c9b21', tool_name: 'Edit' },
});

/**
 * Without a request or tool-use id: every request is a charge of its own, never a repetition.
 * @param {string} agentId UUID or name
 */
export const deduction = (agentId) => ({
  agent_id: agentId,
  agent_role: 'developer',
  tool_name: 'Edit',
  tokens_used: 321,
  cost_usd: DEDUCT_MICRO_USD / 1e6,
  session_id: '0f0f7c1e-6f0e-4b6e-9a44-3a5d3f1c9b21',
});

/** @param {string} agentId UUID or name */
export const editCheck = (agentId) => ({
  agent_id: agentId,
  tool_name: 'Edit',
  tool_input: {
    file_path: '/home/dev/shop/src/orders/orders.service.ts',
    old_string: 'total()',
    new_string: 'this.total',
  },
  cwd: '/home/dev/shop',
  session_id: '0f0f7c1e-6f0e-4b6e-9a44-3a5d3f1c9b21',
});
