import {
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
} from '@nestjs/common';
import type { Page, PageOf } from '#contract';
import { CONFIG, type Config } from '#config';
import {
  AuditTrail,
  Clock,
  DomainError,
  EventBus,
  isStorable,
  type OperationContext,
  type RecordedEvent,
  systemContext,
  type TransactionContext,
  TransactionRunner,
} from '#kernel';
import { compilePolicy, InvalidPolicy, loadPolicy, type Policy, policyFile, PolicyInForce } from '#rbac';
import { type PolicyVersion, PolicyVersionsRepository } from './policy-versions.repository.js';

const LOADED = 'policy.load';

/** Puts policies in force, keeps every version, and follows what other instances load. */
@Injectable()
export class PolicyService implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(PolicyService.name);
  private unsubscribe = (): void => undefined;

  constructor(
    @Inject(CONFIG) private readonly config: Pick<Config, 'policyFile'>,
    private readonly inForce: PolicyInForce,
    private readonly repository: PolicyVersionsRepository,
    private readonly transactions: TransactionRunner,
    private readonly trail: AuditTrail,
    private readonly events: EventBus,
    private readonly clock: Clock,
  ) {}

  /** Keeps the policy that this process started with. */
  async onApplicationBootstrap(): Promise<void> {
    this.unsubscribe = this.events.subscribe((events) => this.follow(events));
    const { current } = this.inForce;
    const [newest] = (await this.repository.findPage({ skip: 0, limit: 1 })).items;
    if (newest?.version === current.version) return;
    const ctx = systemContext('start');
    // The first policy of a store replaces none.
    if (newest) await this.enact(ctx, current);
    else await this.transactions.run(ctx, (tx) => this.keep(tx, current));
  }

  onModuleDestroy(): void {
    this.unsubscribe();
  }

  /**
   * Reads the policy's file again. One that is not valid changes nothing.
   * @throws DomainError `POLICY_INVALID`, its problems the places.
   */
  async reload(ctx: OperationContext): Promise<{ version: string; previous: string }> {
    const previous = this.inForce.current.version;
    const policy = read(() => loadPolicy(policyFile(this.config)));
    if (policy.version !== previous) await this.enact(ctx, policy);
    return { version: policy.version, previous };
  }

  list(page: Page): Promise<PageOf<PolicyVersion>> {
    return this.repository.findPage(page);
  }

  /** @throws DomainError `POLICY_NOT_FOUND` */
  async get(version: string): Promise<string> {
    const document = isStorable(version) ? await this.repository.findDocument(version) : null;
    if (document === null)
      throw new DomainError('POLICY_NOT_FOUND', 'No policy of this version was in force.');
    return document;
  }

  private enact(ctx: OperationContext, policy: Policy): Promise<void> {
    const { version } = policy;
    const previous = this.inForce.current.version;
    return this.transactions.run(ctx, async (tx) => {
      await this.keep(tx, policy);
      this.trail.record(tx, {
        agent: { agentId: 'system', name: 'system', role: ctx.principal.role },
        operationType: LOADED,
        targetResource: version,
        targetType: 'policy',
        decision: 'allowed',
        context: JSON.stringify({ version, previous: previous === version ? undefined : previous }),
        source: 'decided',
        outcome: 'success',
      });
      tx.tx.afterCommit(() => this.inForce.put(policy));
    });
  }

  private keep(tx: TransactionContext, { version, text }: Policy): Promise<void> {
    const loaded = { version, loadedAt: this.clock.now(), loadedBy: tx.principal.id };
    return this.repository.keep(tx, loaded, text);
  }

  private follow(events: readonly RecordedEvent[]): void {
    const loaded = events.findLast(
      ({ source, operationType }) => source === 'decided' && operationType === LOADED,
    );
    const version = loaded?.targetResource;
    if (version && version !== this.inForce.current.version) {
      this.adopt(version).catch((error: unknown) =>
        this.logger.error(error, 'the policy of another instance could not be put in force'),
      );
    }
  }

  private async adopt(version: string): Promise<void> {
    const document = await this.repository.findDocument(version);
    if (document !== null) this.inForce.put(compilePolicy(document));
  }
}

function read(load: () => Policy): Policy {
  try {
    return load();
  } catch (error) {
    const problems = error instanceof InvalidPolicy ? error.problems : ['The file cannot be read.'];
    throw new DomainError(
      'POLICY_INVALID',
      `The policy is not valid, and the old one stays in force: ${problems[0] ?? ''}`,
      problems.map((message) => ({ path: 'policy', message })),
      { cause: error },
    );
  }
}
