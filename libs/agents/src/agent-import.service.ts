import { join } from 'node:path';
import { Injectable, Logger } from '@nestjs/common';
import { DATA_FOLDER } from '#config';
import { Clock, type OperationContext, type TransactionContext, TransactionRunner } from '#kernel';
import { ApiKeysService, PolicyInForce, ROLE_NAMES } from '#rbac';
import { newAgent } from './agent.entity.js';
import { AgentsRepository } from './agents.repository.js';
import {
  type FileReport,
  type IdentityFileResult,
  type ImportPlan,
  planImport,
  type PlanOptions,
  readIdentityFolder,
  type RoleFacts,
} from './importer/index.js';
import { RegistryChanges } from './registry-changes.js';

/** The registry that comes with this package. */
export const DEFAULT_FOLDER = join(DATA_FOLDER, 'agents');

export interface ImportOptions {
  /** Leave out what is not plainly an identity file. */
  readonly strict?: boolean;
  /** Retire agents that came from this folder and whose file is gone. */
  readonly prune?: boolean;
  /** Say what would be done and write nothing. */
  readonly dryRun?: boolean;
  /**
   * Vouch for the files: let their roles confer secrets and registry rights, their limits exceed the roles', and
   * their identities replace those of agents that somebody vouched for.
   */
  readonly trust?: boolean;
  readonly onProgress?: (done: number, total: number) => void;
}

export interface ImportReport {
  readonly added: number;
  readonly updated: number;
  readonly unchanged: number;
  readonly left_out: number;
  readonly refused: number;
  readonly retired: readonly string[];
  readonly dry_run: boolean;
  readonly files: readonly FileReport[];
}

/** Brings the registry in line with a folder of identity files, in one transaction. */
@Injectable()
export class AgentImportService {
  private readonly logger = new Logger(AgentImportService.name);

  constructor(
    private readonly repository: AgentsRepository,
    private readonly changes: RegistryChanges,
    private readonly keys: ApiKeysService,
    private readonly transactions: TransactionRunner,
    private readonly policy: PolicyInForce,
    private readonly clock: Clock,
  ) {}

  /** Fills a registry in which no agent ever was from the files of this package. */
  async seedIfEmpty(ctx: OperationContext): Promise<void> {
    if (!(await this.repository.isEmpty())) return;
    const { added, refused } = await this.import(ctx, DEFAULT_FOLDER);
    if (added === 0) return;
    this.logger.log(
      `the empty registry was seeded with ${added} agents${refused > 0 ? `, ${refused} files refused` : ''}`,
    );
  }

  /** @throws Error when the folder cannot be read. */
  async import(ctx: OperationContext, folder: string, options: ImportOptions = {}): Promise<ImportReport> {
    const { strict = false, prune = false, dryRun = false, onProgress } = options;
    const own = folder === DEFAULT_FOLDER;
    const planOptions = {
      source: own ? 'data' : `file:${folder}`,
      trusted: own || options.trust === true,
      prune,
    };
    const files = await readIdentityFolder(folder, this.roleFacts(), {
      strict,
      ...(onProgress ? { onProgress } : {}),
    });
    const plan = await this.transactions.run(ctx, async (tx) => {
      const planned = await this.plan(tx, files, planOptions);
      if (!dryRun) await this.carryOut(tx, planned);
      return planned;
    });
    return toReport(plan, dryRun);
  }

  private async plan(
    tx: TransactionContext,
    files: IdentityFileResult[],
    options: PlanOptions,
  ): Promise<ImportPlan> {
    const ids = files.flatMap((file) => (file.status === 'agent' ? [file.agent.agentId] : []));
    const live = await this.repository.findLiveWithin(tx);
    return planImport(
      files,
      { live, usedIds: await this.repository.findUsedIds(tx, ids) },
      this.policy.current,
      options,
    );
  }

  private async carryOut(tx: TransactionContext, plan: ImportPlan): Promise<void> {
    const now = this.clock.now();
    for (const agent of plan.retire) {
      await this.repository.update(tx, agent.agentId, { retiredAt: now });
      await this.keys.revokeOfAgent(tx, agent.agentId);
      this.changes.retired(tx, agent);
    }
    for (const { before, changes } of plan.update) {
      const agent = { ...before, ...changes, version: before.version + 1, updatedAt: now };
      await this.repository.update(tx, agent.agentId, { ...changes, version: agent.version, updatedAt: now });
      this.changes.updated(tx, agent, changes);
    }
    const added = plan.add.map(({ agentId, profile, provenance }) =>
      newAgent(agentId, profile, provenance, now),
    );
    await this.repository.insert(tx, added);
    for (const agent of added) this.changes.registered(tx, agent);
  }

  private roleFacts(): RoleFacts {
    const typicalAgents = new Map<string, string>();
    for (const role of this.policy.current.roles.values()) {
      for (const name of role.typicalAgents) if (!typicalAgents.has(name)) typicalAgents.set(name, role.name);
    }
    return { roles: ROLE_NAMES, typicalAgents };
  }
}

function toReport({ files, retire }: ImportPlan, dryRun: boolean): ImportReport {
  const count = (status: FileReport['status']) => files.filter((file) => file.status === status).length;
  return {
    added: count('added'),
    updated: count('updated'),
    unchanged: count('unchanged'),
    left_out: count('left_out'),
    refused: count('refused'),
    retired: retire.map((agent) => agent.name),
    dry_run: dryRun,
    files,
  };
}
