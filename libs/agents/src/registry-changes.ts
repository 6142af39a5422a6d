import { Injectable } from '@nestjs/common';
import { AuditTrail, type OperationType, type TransactionContext } from '#kernel';
import type { AgentEntity } from './agent.entity.js';
import { CachedAgentDirectory } from './cached-agent-directory.js';
import { toChangedFields } from './changed-fields.js';

/** What every change of the registry leaves behind: an entry in its transaction, and the directory after it. */
@Injectable()
export class RegistryChanges {
  constructor(
    private readonly audit: AuditTrail,
    private readonly directory: CachedAgentDirectory,
  ) {}

  registered(tx: TransactionContext, agent: AgentEntity): void {
    this.record(tx, 'agent.register', agent, { version: agent.version });
    tx.tx.afterCommit(() => this.directory.put(agent));
  }

  updated(tx: TransactionContext, agent: AgentEntity, changes: Partial<AgentEntity>): void {
    this.record(tx, 'agent.update', agent, { version: agent.version, changes: toChangedFields(changes) });
    tx.tx.afterCommit(() => this.directory.put(agent));
  }

  retired(tx: TransactionContext, agent: AgentEntity): void {
    this.record(tx, 'agent.retire', agent);
    tx.tx.afterCommit(() => this.directory.retire(agent));
  }

  record(tx: TransactionContext, operationType: OperationType, agent: AgentEntity, context?: object): void {
    this.audit.record(tx, {
      agent: { agentId: agent.agentId, name: agent.name, role: agent.role },
      operationType,
      operationDetail: agent.name,
      targetResource: agent.agentId,
      targetType: 'agent',
      decision: 'allowed',
      context: context === undefined ? null : JSON.stringify(context),
      source: 'decided',
      outcome: 'success',
    });
  }
}
