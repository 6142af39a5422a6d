// Written by `UPDATE_TYPES=1 npm test -- frame-types` from libs/activity/src/frames: change it there.

/** All members must hold; of the values of one member, any. */
export interface StreamFilter {
  /** Types of frames. */
  readonly types?: readonly string[];
  /** Agents, by id or name. */
  readonly agents?: readonly string[];
  /** Roles of agents, at the moment of the entry. */
  readonly roles?: readonly string[];
  /** Categories of agents, at present. */
  readonly categories?: readonly string[];
  /** Decisions: `allowed`, `denied`, `requires_approval`, `unknown`. */
  readonly decisions?: readonly string[];
}

/** The data of the frames of entries, by type. */
export interface EntryData {
  /** A call was refused. */
  access_denied: {
    /** The entry of the audit trail that tells more. */
    readonly audit_id: string;
    /** The agent's id; for one that is not registered, the text that it was named by. */
    readonly agent_id: string;
    /** Its name at that moment. */
    readonly agent_name: string;
    /** Who did it. */
    readonly principal: {
      /** The key's id, `local` without RBAC, `system` for the service itself. */
      readonly id: string;
      /** `anonymous`, `human`, `service`, `agent` or `system`. */
      readonly kind: string;
      /** The role it acted in. */
      readonly role: string;
    };
    /** The route that was asked. */
    readonly route: string | null;
    /** What was asked for, such as a path with its query. */
    readonly target: string | null;
    /** The stable code of the refusal. */
    readonly code: string | null;
    /** Why, in a sentence. */
    readonly reason: string | null;
  };
  /** Something was read; with `AUDIT_READS` alone. */
  access_read: {
    /** The entry of the audit trail that tells more. */
    readonly audit_id: string;
    /** The agent's id; for one that is not registered, the text that it was named by. */
    readonly agent_id: string;
    /** Its name at that moment. */
    readonly agent_name: string;
    /** Who did it. */
    readonly principal: {
      /** The key's id, `local` without RBAC, `system` for the service itself. */
      readonly id: string;
      /** `anonymous`, `human`, `service`, `agent` or `system`. */
      readonly kind: string;
      /** The role it acted in. */
      readonly role: string;
    };
    /** The route that was asked. */
    readonly route: string | null;
    /** What was asked for, such as a path with its query. */
    readonly target: string | null;
  };
  /** An agent began a task. */
  agent_activated: {
    /** The agent's id; for one that is not registered, the text that it was named by. */
    readonly agent_id: string;
    /** Its name at that moment. */
    readonly agent_name: string;
    /** Its role at that moment, or `unknown`. */
    readonly role: string;
    /** The session, as it was said. */
    readonly session_id: string | null;
    /** The task, as it was said. */
    readonly task: string | null;
  };
  /** An agent ended a task. */
  agent_completed: {
    /** The agent's id; for one that is not registered, the text that it was named by. */
    readonly agent_id: string;
    /** Its name at that moment. */
    readonly agent_name: string;
    /** Its role at that moment, or `unknown`. */
    readonly role: string;
    /** The session, as it was said. */
    readonly session_id: string | null;
    /** The task, as it was said. */
    readonly task: string | null;
    /** Whether it went well. */
    readonly success: boolean | null;
    /** Milliseconds. */
    readonly execution_time_ms: number | null;
  };
  /** An active agent has given no sign of life for `AGENT_IDLE_AFTER`. */
  agent_idle: {
    /** The agent's id; for one that is not registered, the text that it was named by. */
    readonly agent_id: string;
    /** Its name at that moment. */
    readonly agent_name: string;
    /** The session; null where it named none. */
    readonly session_id: string | null;
    /** When the last sign of life came. */
    readonly idle_since: string;
    /** Of what operation type it was. */
    readonly last_operation: string;
  };
  /** An agent was registered. */
  agent_registered: {
    /** The agent's id; for one that is not registered, the text that it was named by. */
    readonly agent_id: string;
    /** Its name at that moment. */
    readonly agent_name: string;
    /** Its role at that moment, or `unknown`. */
    readonly role: string;
    /** The version of its identity, from 1. */
    readonly version: number | null;
  };
  /** An agent left the registry. */
  agent_retired: {
    /** The agent's id; for one that is not registered, the text that it was named by. */
    readonly agent_id: string;
    /** Its name at that moment. */
    readonly agent_name: string;
    /** Its role at that moment, or `unknown`. */
    readonly role: string;
  };
  /** The identity of an agent was changed. */
  agent_updated: {
    /** The agent's id; for one that is not registered, the text that it was named by. */
    readonly agent_id: string;
    /** Its name at that moment. */
    readonly agent_name: string;
    /** Its role at that moment, or `unknown`. */
    readonly role: string;
    /** The version of its identity, from 1. */
    readonly version: number | null;
    /** What has changed, in the words of `PUT /agents/{agent_id}`. */
    readonly changes: Readonly<Record<string, unknown>> | null;
  };
  /** A rule of the policy was met, for the first time within its repeat time. */
  alert: {
    /** Id of the rule in the policy. */
    readonly rule: string;
    /** How grave it is. */
    readonly severity: 'info' | 'warning' | 'critical';
    /** The agent or approval that met the rule; `*` for many together. */
    readonly subject: string;
    /** The agent's id; for one that is not registered, the text that it was named by. */
    readonly agent_id: string;
    /** Its name at that moment. */
    readonly agent_name: string;
    /** What happened. */
    readonly message: string;
    /** What was counted, and the bounds of the rule. */
    readonly figures: Readonly<Record<string, unknown>>;
    /** The time that was looked at; null where none was. */
    readonly window: {
      /** Its begin. */
      readonly from: string;
      /** Its end. */
      readonly to: string;
    } | null;
    /** The entry with which the rule was met. */
    readonly event_id: string | null;
  };
  /** An approval was given or refused. */
  approval_decided: {
    /** The approval. */
    readonly approval_id: string;
    /** The agent's id; for one that is not registered, the text that it was named by. */
    readonly agent_id: string;
    /** Its name at that moment. */
    readonly agent_name: string;
    /** Of exactly this request; hex. Who decides may send it back. */
    readonly request_hash: string;
    /** What was decided. */
    readonly status: 'approved' | 'denied';
    /** The id of the principal that decided. */
    readonly decided_by: string;
    /** What it said. */
    readonly comment: string | null;
    /** The session that it belongs to. */
    readonly session_id?: string;
    /** The kinds of secrets that were masked in its texts. */
    readonly redacted?: readonly string[];
  };
  /** Somebody has to say yes before an agent goes on. */
  approval_requested: {
    /** The approval. */
    readonly approval_id: string;
    /** The agent's id; for one that is not registered, the text that it was named by. */
    readonly agent_id: string;
    /** Its name at that moment. */
    readonly agent_name: string;
    /** Of exactly this request; hex. Who decides may send it back. */
    readonly request_hash: string;
    /** What the agent wants to use. */
    readonly tool_name: string;
    /** The rule of the policy that asks for it. */
    readonly rule: string;
    /** Why it is asked for. */
    readonly reason: string;
    /** Who may decide. */
    readonly approvers: readonly string[];
    /** The id of the principal that asked. */
    readonly requester: string;
    /** Until when it can be decided and used. */
    readonly expires_at: string;
    /** The session that it belongs to. */
    readonly session_id?: string;
    /** The kinds of secrets that were masked in its texts. */
    readonly redacted?: readonly string[];
  };
  /** The audit trail was exported, delivered elsewhere, held, cleared or signed by another key. */
  audit_event: {
    /** The entry of the audit trail that tells more. */
    readonly audit_id: string;
    /** The agent's id; for one that is not registered, the text that it was named by. */
    readonly agent_id: string;
    /** Its name at that moment. */
    readonly agent_name: string;
    /** What was done. */
    readonly operation:
      | 'audit.erase'
      | 'audit.export'
      | 'audit.hold'
      | 'audit.key_rotate'
      | 'audit.log_begin'
      | 'audit.release'
      | 'audit.retention'
      | 'audit.sink_create'
      | 'audit.sink_delete'
      | 'audit.sink_pause'
      | 'audit.sink_redeliver'
      | 'audit.sink_resume'
      | 'audit.sink_rotate';
    /** To what, by its name. */
    readonly operation_detail: string | null;
    /** To what, by its id. */
    readonly target_resource: string | null;
    /** `hold`, `sink`, `entry` or `log`. */
    readonly target_type: string | null;
    /** Who did it. */
    readonly principal: {
      /** The key's id, `local` without RBAC, `system` for the service itself. */
      readonly id: string;
      /** `anonymous`, `human`, `service`, `agent` or `system`. */
      readonly kind: string;
      /** The role it acted in. */
      readonly role: string;
    };
    /** What else is known: the entry's context. */
    readonly context: Readonly<Record<string, unknown>> | null;
  };
  /** A part of a budget was set aside, or there was no room for it: then `code` says why. */
  budget_reservation: {
    /** The agent's id; for one that is not registered, the text that it was named by. */
    readonly agent_id: string;
    /** Its name at that moment. */
    readonly agent_name: string;
    /** What is set aside, USD. */
    readonly max_cost_usd: number;
    /** Tokens that are set aside. */
    readonly max_tokens: number | null;
    /** USD left afterwards. */
    readonly remaining_cost: number;
    /** Tokens left in the session; null without one. */
    readonly remaining_tokens: number | null;
    /** Where the account stands, from unworried to gravest. */
    readonly status: 'ok' | 'soft_limit' | 'exceeded' | 'paused' | 'terminated';
    /** The reservation; not where it was refused. */
    readonly reservation_id?: string;
    /** Until when it is held; not where it was refused. */
    readonly expires_at?: string;
    /** Why it was refused. */
    readonly code?: string;
    /** The session that it belongs to. */
    readonly session_id?: string;
    /** The kinds of secrets that were masked in its texts. */
    readonly redacted?: readonly string[];
  };
  /** A reservation ended; what was spent is booked by `budget_updated`. */
  budget_settled: {
    /** The agent's id; for one that is not registered, the text that it was named by. */
    readonly agent_id: string;
    /** Its name at that moment. */
    readonly agent_name: string;
    /** The reservation. */
    readonly reservation_id: string;
    /** What is set aside, USD. */
    readonly max_cost_usd: number;
    /** Tokens that are set aside. */
    readonly max_tokens: number | null;
    /** USD spent. */
    readonly cost_usd: number;
    /** Tokens used. */
    readonly tokens_used: number;
    /** Whether it had expired before. */
    readonly late: boolean;
    /** The session that it belongs to. */
    readonly session_id?: string;
  };
  /** A charge took an agent over a step of its day. */
  budget_threshold: {
    /** The agent's id; for one that is not registered, the text that it was named by. */
    readonly agent_id: string;
    /** Its name at that moment. */
    readonly agent_name: string;
    /** The step: `notify`, `soft_limit`, `exceeded`, `pause_and_approve` or `terminate`. */
    readonly step: string;
    /** USD booked today. */
    readonly cost_used_today: number;
    /** Where the step is, USD. */
    readonly limit: number;
    /** The session that it belongs to. */
    readonly session_id?: string;
  };
  /** Spending was booked. */
  budget_updated: {
    /** The account: the id of an agent, or `unknown`. */
    readonly agent_id: string;
    /** Its name at that moment. */
    readonly agent_name: string;
    /** Tokens booked today. */
    readonly tokens_used_today: number;
    /** USD booked today. */
    readonly cost_used_today: number;
    /** USD left today, below 0 when overspent; null without a limit. */
    readonly remaining_cost: number | null;
    /** Where the account stands, from unworried to gravest. */
    readonly status: 'ok' | 'soft_limit' | 'exceeded' | 'paused' | 'terminated';
    /** Through which call it came. */
    readonly source?: 'deduct' | 'metric' | 'settle';
    /** The session that it belongs to. */
    readonly session_id?: string;
    /** The tool use. */
    readonly tool_use_id?: string;
    /** The request. */
    readonly request_id?: string;
    /** The reservation that it settles. */
    readonly reservation_id?: string;
    /** The agent that was named, where another was charged. */
    readonly claimed_agent?: string;
    /** The kinds of secrets that were masked in its texts. */
    readonly redacted?: readonly string[];
  };
  /** A key was made. */
  key_created: {
    /** The entry of the audit trail that tells more. */
    readonly audit_id: string;
    /** The key. */
    readonly key_id: string | null;
    /** Its name. */
    readonly name: string | null;
    /** `human`, `service` or `agent`. */
    readonly kind: string | null;
    /** The role it acts in. */
    readonly role: string | null;
    /** The agent that it is bound to. */
    readonly agent_id: string | null;
    /** Whose it is. */
    readonly owner: string | null;
    /** When it ends; null for never. */
    readonly expires_at: string | null;
    /** Where it may come from; null for anywhere. */
    readonly networks: readonly string[] | null;
    /** Who did it. */
    readonly principal: {
      /** The key's id, `local` without RBAC, `system` for the service itself. */
      readonly id: string;
      /** `anonymous`, `human`, `service`, `agent` or `system`. */
      readonly kind: string;
      /** The role it acted in. */
      readonly role: string;
    };
  };
  /** A key was ended. */
  key_revoked: {
    /** The entry of the audit trail that tells more. */
    readonly audit_id: string;
    /** The key. */
    readonly key_id: string | null;
    /** Its name. */
    readonly name: string | null;
    /** `human`, `service` or `agent`. */
    readonly kind: string | null;
    /** The role it acts in. */
    readonly role: string | null;
    /** The agent that it is bound to. */
    readonly agent_id: string | null;
    /** Whose it is. */
    readonly owner: string | null;
    /** When it ends; null for never. */
    readonly expires_at: string | null;
    /** Where it may come from; null for anywhere. */
    readonly networks: readonly string[] | null;
    /** Who did it. */
    readonly principal: {
      /** The key's id, `local` without RBAC, `system` for the service itself. */
      readonly id: string;
      /** `anonymous`, `human`, `service`, `agent` or `system`. */
      readonly kind: string;
      /** The role it acted in. */
      readonly role: string;
    };
  };
  /** A key was replaced by another. */
  key_rotated: {
    /** The entry of the audit trail that tells more. */
    readonly audit_id: string;
    /** The key. */
    readonly key_id: string | null;
    /** Its name. */
    readonly name: string | null;
    /** `human`, `service` or `agent`. */
    readonly kind: string | null;
    /** The role it acts in. */
    readonly role: string | null;
    /** The agent that it is bound to. */
    readonly agent_id: string | null;
    /** Whose it is. */
    readonly owner: string | null;
    /** When it ends; null for never. */
    readonly expires_at: string | null;
    /** Where it may come from; null for anywhere. */
    readonly networks: readonly string[] | null;
    /** Who did it. */
    readonly principal: {
      /** The key's id, `local` without RBAC, `system` for the service itself. */
      readonly id: string;
      /** `anonymous`, `human`, `service`, `agent` or `system`. */
      readonly kind: string;
      /** The role it acted in. */
      readonly role: string;
    };
    /** The key that replaces it. */
    readonly replaced_by: string | null;
    /** When the old one ends. */
    readonly ends_at: string | null;
  };
  /** Somebody came without credentials that hold. */
  login_failed: {
    /** The entry of the audit trail that tells more. */
    readonly audit_id: string;
    /** The agent's id; for one that is not registered, the text that it was named by. */
    readonly agent_id: string;
    /** Its name at that moment. */
    readonly agent_name: string;
    /** Who did it. */
    readonly principal: {
      /** The key's id, `local` without RBAC, `system` for the service itself. */
      readonly id: string;
      /** `anonymous`, `human`, `service`, `agent` or `system`. */
      readonly kind: string;
      /** The role it acted in. */
      readonly role: string;
    };
    /** The route that was asked. */
    readonly route: string | null;
    /** What was asked for, such as a path with its query. */
    readonly target: string | null;
    /** The stable code of the refusal. */
    readonly code: string | null;
    /** Why, in a sentence. */
    readonly reason: string | null;
    /** Where it came from. */
    readonly address: string | null;
  };
  /** A metric was recorded. */
  metric_recorded: {
    /** Its id. */
    readonly metric_id: string;
    /** The agent's id; for one that is not registered, the text that it was named by. */
    readonly agent_id: string;
    /** Its name at that moment. */
    readonly agent_name: string;
    /** What is measured. */
    readonly metric_type: 'execution' | 'cost' | 'quality' | 'task_completion';
    /** Milliseconds. */
    readonly execution_time_ms: number | null;
    /** Whether it went well. */
    readonly success: boolean | null;
    /** Tokens. */
    readonly tokens_used: number | null;
    /** API calls. */
    readonly api_calls: number | null;
    /** USD. */
    readonly cost_usd: number | null;
    /** Score, 0–1. */
    readonly quality_score: number | null;
    /** Violations found. */
    readonly code_violations: number | null;
    /** Tasks completed. */
    readonly tasks_completed: number | null;
    /** Tasks failed. */
    readonly tasks_failed: number | null;
    /** What else was said. */
    readonly context: Readonly<Record<string, unknown>> | null;
    /** When it was measured. */
    readonly recorded_at: string;
    /** The kinds of secrets that were masked in its texts. */
    readonly redacted?: readonly string[];
  };
  /** A policy is in force, at the start or instead of another. */
  policy_changed: {
    /** The entry of the audit trail that tells more. */
    readonly audit_id: string;
    /** Its version: SHA-256 of the document, hex. */
    readonly version: string | null;
    /** The version before; null where it is the same. */
    readonly previous: string | null;
    /** Who did it. */
    readonly principal: {
      /** The key's id, `local` without RBAC, `system` for the service itself. */
      readonly id: string;
      /** `anonymous`, `human`, `service`, `agent` or `system`. */
      readonly kind: string;
      /** The role it acted in. */
      readonly role: string;
    };
  };
  /** A client reported an event, or this service decided about one. */
  rbac_decision: {
    /** The entry of the audit trail that tells more. */
    readonly audit_id: string;
    /** The agent's id; for one that is not registered, the text that it was named by. */
    readonly agent_id: string;
    /** Its name at that moment. */
    readonly agent_name: string;
    /** Its role at that moment, or `unknown`. */
    readonly agent_role: string;
    /** As the client calls it; `rbac.check` for what was decided here. */
    readonly operation_type: string;
    /** What was done, or was to be. */
    readonly operation_detail: string | null;
    /** To what. */
    readonly target_resource: string | null;
    /** What was decided. */
    readonly decision: 'allowed' | 'denied' | 'requires_approval' | 'unknown';
    /** Why. */
    readonly reason: string | null;
  };
  /** What ran is not what was decided, was not allowed, or nobody asked about it. */
  tool_use_finding: {
    /** What does not fit. */
    readonly finding: 'executed_differs' | 'executed_denied' | 'ungated';
    /** The agent's id; for one that is not registered, the text that it was named by. */
    readonly agent_id: string;
    /** Its name at that moment. */
    readonly agent_name: string;
    /** The client's id of the tool use. */
    readonly tool_use_id: string | null;
    /** The entry of the report. */
    readonly event_id: string;
    /** The entry of the decision that it was compared with. */
    readonly decision_id: string | null;
    /** The session that it belongs to. */
    readonly session_id?: string;
    /** The kinds of secrets that were masked in its texts. */
    readonly redacted?: readonly string[];
  };
}

/** The data of the frames that no entry caused, by type. */
export interface NoticeData {
  /** How things stand: second on a WebSocket, then every 10 s. */
  stats: {
    /** Registered agents. */
    readonly total_agents: number;
    /** Connected clients of this instance. */
    readonly active_connections: number;
    /** Which log it is. Positions of another epoch mean nothing. */
    readonly epoch: string;
    /** The newest entry of the log. */
    readonly seq: number;
    /** What came since the `stats` before, of what the client may see; not in the first. */
    readonly rates?: {
      /** Events a second. */
      readonly total: number;
      /** Events a second by type of frame. */
      readonly by_type: Readonly<Record<string, number>>;
      /** Events a second by decision. */
      readonly by_decision: Readonly<Record<string, number>>;
    };
  };
  /** A subscription begins, or resumes behind `seq`. */
  subscribed: {
    /** The subscription: `all` for the one without a filter. */
    readonly subscription: string;
    /** All members must hold; of the values of one member, any. */
    readonly filter: {
      /** Types of frames. */
      readonly types?: readonly string[];
      /** Agents, by id or name. */
      readonly agents?: readonly string[];
      /** Roles of agents, at the moment of the entry. */
      readonly roles?: readonly string[];
      /** Categories of agents, at present. */
      readonly categories?: readonly string[];
      /** Decisions: `allowed`, `denied`, `requires_approval`, `unknown`. */
      readonly decisions?: readonly string[];
    };
    /** Which log it is. Positions of another epoch mean nothing. */
    readonly epoch: string;
    /** Its position. */
    readonly seq: number;
    /** That of the command, where it had one. */
    readonly request_id?: string;
  };
  /** All up to `seq` has been replayed; what follows is live. */
  live: {
    /** The subscription: `all` for the one without a filter. */
    readonly subscription: string;
    /** Its position. */
    readonly seq: number;
  };
  /** All up to `seq` that is for the subscription has been sent. With `stats`, to subscriptions whose own frames do not tell it. */
  position: {
    /** The subscription: `all` for the one without a filter. */
    readonly subscription: string;
    /** Which log it is. Positions of another epoch mean nothing. */
    readonly epoch: string;
    /** Its position. */
    readonly seq: number;
  };
  /** A subscription has ended. */
  unsubscribed: {
    /** The subscription: `all` for the one without a filter. */
    readonly subscription: string;
    /** That of the command, where it had one. */
    readonly request_id?: string;
  };
  /** What was asked for is no longer there, or belongs to another log. The subscription is live from `seq` on. */
  history_lost: {
    /** The subscription: `all` for the one without a filter. */
    readonly subscription: string;
    /** The oldest entry that is left. */
    readonly oldest_seq: number;
    /** Which log it is. Positions of another epoch mean nothing. */
    readonly epoch: string;
    /** Its position. */
    readonly seq: number;
  };
  /** Frames of a range were left out, because the client did not read; `resume` fetches them. */
  lagged: {
    /** The subscription: `all` for the one without a filter. */
    readonly subscription: string;
    /** The first that was left out. */
    readonly from_seq: number;
    /** The last. */
    readonly to_seq: number;
  };
  /** A command was not carried out. */
  error: {
    /** What is wrong, in a stable word. */
    readonly code: string;
    /** The same in a sentence. */
    readonly message: string;
    /** Which, as it was sent. */
    readonly command?: string;
    /** That of the command, where it had one. */
    readonly request_id?: string;
  };
}
