import { Injectable } from '@nestjs/common';
import {
  AgentDirectory,
  AgentNotFound,
  type AgentRef,
  Clock,
  DomainError,
  isStorable,
  isUuid,
  MaskedKinds,
  MetricRecorder,
  newId,
  type OperationContext,
  toMicros,
  type TransactionContext,
  TransactionRunner,
  ValidationFailed,
} from '#kernel';
import { ApiKeysService, PolicyInForce, requireOwnAgent } from '#rbac';
import { type AgentEntity, type AgentProfile, newAgent } from './agent.entity.js';
import { nameProblem } from './agent-name.js';
import { AgentsRepository } from './agents.repository.js';
import { RegistryChanges } from './registry-changes.js';

/** What a caller says of the task that an agent begins. */
export interface AgentTask {
  readonly sessionId: string | null;
  readonly task: string | null;
}

/** … and of one that it ended. */
export interface CompletedTask extends AgentTask {
  readonly success: boolean;
  readonly executionTimeMs: number | null;
}

/** Changes the registry. Each change and its entry commit together. */
@Injectable()
export class AgentsService {
  constructor(
    private readonly repository: AgentsRepository,
    private readonly directory: AgentDirectory,
    private readonly transactions: TransactionRunner,
    private readonly changes: RegistryChanges,
    private readonly metrics: MetricRecorder,
    private readonly keys: ApiKeysService,
    private readonly clock: Clock,
    private readonly policy: PolicyInForce,
  ) {}

  /**
   * @param agentId null for a new one.
   * @returns the agent's id.
   * @throws DomainError `AGENT_NAME_TAKEN`, `AGENT_ID_USED`; ValidationFailed for a reserved name.
   */
  register(ctx: OperationContext, profile: AgentProfile, agentId: string | null = null): Promise<string> {
    const problem = nameProblem(profile.name);
    if (problem) throw new ValidationFailed([{ path: 'name', message: problem }]);
    const id = agentId?.toLowerCase() ?? newId();
    return this.transactions.run(ctx, async (tx) => {
      if (await this.repository.findLiveByName(tx, profile.name)) {
        throw new DomainError('AGENT_NAME_TAKEN', `A live agent is named ${profile.name} already.`);
      }
      if (agentId !== null && (await this.repository.isIdUsed(tx, id))) {
        throw new DomainError('AGENT_ID_USED', `The id ${id} is or was that of another agent.`);
      }
      const agent = newAgent(id, profile, { origin: 'api', trusted: true }, this.clock.now());
      await this.repository.insert(tx, [agent]);
      this.changes.registered(tx, agent);
      return id;
    });
  }

  /**
   * @param versions that may be changed; null for any.
   * @throws AgentNotFound; DomainError `PRECONDITION_FAILED`
   */
  update(
    ctx: OperationContext,
    reference: string,
    changes: Partial<AgentProfile>,
    versions: readonly number[] | null = null,
  ): Promise<string> {
    return this.transactions.run(ctx, async (tx) => {
      const before = await this.getLive(tx, reference);
      if (versions && !versions.includes(before.version)) {
        throw new DomainError('PRECONDITION_FAILED', `${before.name} is at version ${before.version} now.`);
      }
      const agent = { ...before, ...changes, version: before.version + 1, updatedAt: this.clock.now() };
      await this.repository.update(tx, agent.agentId, {
        ...changes,
        version: agent.version,
        updatedAt: agent.updatedAt,
      });
      this.changes.updated(tx, agent, changes);
      return agent.agentId;
    });
  }

  /** Ends an agent's life: it is gone from the registry, its keys are revoked, its history stays. @throws AgentNotFound */
  retire(ctx: OperationContext, reference: string): Promise<void> {
    return this.transactions.run(ctx, async (tx) => {
      const agent = await this.getLive(tx, reference);
      await this.repository.update(tx, agent.agentId, { retiredAt: this.clock.now() });
      await this.keys.revokeOfAgent(tx, agent.agentId);
      this.changes.retired(tx, agent);
    });
  }

  /** Notes that an agent begins a task. @throws AgentNotFound, AccessDenied */
  activate(ctx: OperationContext, reference: string, begun: AgentTask): Promise<string> {
    const { agentId } = this.getRef(reference);
    requireOwnAgent(ctx, agentId);
    const { sessionId, task, redacted } = this.withoutSecrets(begun);
    return this.transactions.run(ctx, async (tx) => {
      const agent = await this.getLive(tx, agentId);
      await this.repository.update(tx, agentId, { lastActiveAt: this.clock.now() });
      this.changes.record(tx, 'agent.activate', agent, { session_id: sessionId, task, redacted });
      return agentId;
    });
  }

  /** Notes that an agent ended a task, with one metric. @throws AgentNotFound, AccessDenied */
  complete(ctx: OperationContext, reference: string, done: CompletedTask): Promise<string> {
    const ref = this.getRef(reference);
    requireOwnAgent(ctx, ref.agentId);
    const clean = this.withoutSecrets(done);
    return this.transactions.run(ctx, async (tx) => {
      const agent = await this.getLive(tx, ref.agentId);
      const now = this.clock.now();
      await this.repository.update(tx, ref.agentId, { lastActiveAt: now });
      const { sessionId, task, redacted, success, executionTimeMs } = clean;
      const metricId = this.recordCompletion(tx, ref, clean, now);
      this.changes.record(tx, 'agent.complete', agent, {
        session_id: sessionId,
        task,
        success,
        execution_time_ms: executionTimeMs,
        metric_id: metricId,
        redacted,
      });
      return ref.agentId;
    });
  }

  /** @throws AgentNotFound */
  getRef(reference: string): AgentRef {
    const ref = this.directory.resolve(reference);
    if (!ref) throw new AgentNotFound(reference);
    return ref;
  }

  private async getLive(tx: TransactionContext, reference: string): Promise<AgentEntity> {
    // PostgreSQL takes no NUL, not even in a question.
    if (!isStorable(reference)) throw new AgentNotFound(reference);
    const agent = isUuid(reference)
      ? await this.repository.findLiveById(tx, reference.toLowerCase())
      : await this.repository.findLiveByName(tx, reference);
    if (!agent) throw new AgentNotFound(reference);
    return agent;
  }

  /** A task without the secrets in its texts, and of which kinds they were. */
  private withoutSecrets<Task extends AgentTask>(task: Task): Task & { redacted: string[] | undefined } {
    const masked = new MaskedKinds();
    const clean = (text: string | null): string | null =>
      text && this.policy.current.redactor.text(text, masked);
    return { ...task, sessionId: clean(task.sessionId), task: clean(task.task), redacted: masked.list };
  }

  private recordCompletion(
    tx: TransactionContext,
    agent: AgentRef,
    done: CompletedTask,
    now: number,
  ): string {
    const { sessionId, task, success, executionTimeMs } = done;
    return this.metrics.record(tx, {
      agent,
      metricType: 'task_completion',
      executionTimeUs: executionTimeMs === null ? null : toMicros(executionTimeMs),
      success,
      tokensUsed: null,
      apiCalls: null,
      costMicro: null,
      qualityNano: null,
      codeViolations: null,
      tasksCompleted: success ? 1 : 0,
      tasksFailed: success ? 0 : 1,
      context: sessionId === null && task === null ? null : JSON.stringify({ session_id: sessionId, task }),
      recordedAt: now,
    });
  }
}
