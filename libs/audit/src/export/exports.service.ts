import type { ServerResponse } from 'node:http';
import { Inject, Injectable } from '@nestjs/common';
import { CONFIG, type Config } from '#config';
import { sendStream } from '#contract';
import {
  AgentDirectory,
  AuditTrail,
  Clock,
  DomainError,
  MaskedKinds,
  type OperationContext,
  type Principal,
  TooManyRequests,
  toStorable,
  TransactionRunner,
  ValidationFailed,
} from '#kernel';
import { Authenticator, PolicyInForce } from '#rbac';
import { actorOf } from '../actor.js';
import { AuditRepository } from '../audit.repository.js';
import { Checkpointer } from '../checkpoints/checkpointer.js';
import type { Checkpoint } from '../checkpoints/checkpoints.repository.js';
import { LogProofs } from '../merkle/log-proofs.js';
import type { LeafRange } from '../merkle/proof-ranges.js';
import type { SegmentLeaves } from '../merkle/log-tree.js';
import { TextFollower } from '../text/text-follower.js';
import { visibleAgent } from '../visible-agent.js';
import { CSV_EXPORT } from './csv-export.js';
import { EntryPages } from './entry-pages.js';
import type { ExportFormat, ExportFormatName, ExportRequest, LogExport } from './log-export.js';
import { NDJSON_EXPORT } from './ndjson-export.js';

const FORMATS: Readonly<Record<ExportFormatName, ExportFormat>> = { ndjson: NDJSON_EXPORT, csv: CSV_EXPORT };
/** How many run beside each other in one process: each takes a share of its time from those who record. */
const AT_ONCE = 2;
const RETRY_AFTER_S = 30;
/** How old the checkpoint may be that an export of an agent's key goes up to: it is not for them to have the log signed. */
const FRESH_MS = 60_000;
/** How large the tree is, by which an export that broke off is continued. */
export const TREE_SIZE_HEADER = 'Audit-Tree-Size';
/** A run of leaves begins and ends in a segment; those of the one before are not asked for again. */
const SEGMENTS_KEPT = 2;

/** Gives the log away, as far as it is there when that begins. */
@Injectable()
export class ExportsService {
  private readonly running = new Set<Principal>();
  private ending = false;

  constructor(
    private readonly log: AuditRepository,
    private readonly pages: EntryPages,
    private readonly checkpointer: Checkpointer,
    private readonly proofs: LogProofs,
    private readonly text: TextFollower,
    private readonly trail: AuditTrail,
    private readonly transactions: TransactionRunner,
    private readonly agents: AgentDirectory,
    private readonly policy: PolicyInForce,
    private readonly authenticator: Authenticator,
    private readonly clock: Clock,
    @Inject(CONFIG) private readonly config: Pick<Config, 'auditReads'>,
  ) {}

  /**
   * Answers with it. An agent's key gets its own entries.
   * @throws TooManyRequests; ValidationFailed for an entry or a tree that there is not; DomainError where the log no longer
   * holds what was signed, or its words are not indexed yet; StoreUnavailable.
   */
  async send(ctx: OperationContext, request: ExportRequest, response: ServerResponse): Promise<void> {
    const form = FORMATS[request.format];
    if (response.req.method === 'HEAD') {
      response.writeHead(200, { 'Content-Type': form.contentType }).end();
      return;
    }
    this.requirePlace(ctx.principal);
    this.running.add(ctx.principal);
    try {
      const run = await this.open(ctx, request);
      const { size } = run.checkpoint;
      const headers = {
        'Content-Type': form.contentType,
        'Content-Disposition': `attachment; filename="audit-${size}.${request.format}"`,
        'Cache-Control': 'no-store',
        [TREE_SIZE_HEADER]: String(size),
      };
      await sendStream(response, headers, form.write(run));
    } finally {
      this.running.delete(ctx.principal);
    }
  }

  /** At the end of the service: what is under way breaks off, and can be continued. */
  endAll(): void {
    this.ending = true;
  }

  private async open(ctx: OperationContext, request: ExportRequest): Promise<LogExport> {
    const { after, treeSize, asked } = request;
    const filter = {
      ...request.filter,
      agentId: visibleAgent(ctx, this.agents, request.filter.agentId),
    };
    const continued = treeSize === undefined ? null : await this.checkpointOf(treeSize);
    requireWithin(after, continued?.size ?? (await this.log.size()), continued ? 'tree' : 'log');
    // Of nobody known there is nothing to tell, and a page in a browser could fill the log.
    if (ctx.principal.kind !== 'anonymous' || this.config.auditReads) await this.tell(ctx, request);
    const checkpoint = continued ?? (await this.checkpoint(ctx));
    if (filter.words) await this.requireIndexed(checkpoint.size);
    if ((await this.proofs.root(checkpoint.size)) !== checkpoint.root)
      throw new DomainError('LOG_CHANGED', 'The log no longer holds what was signed.');
    const span = await this.pages.spanOf({ after, to: checkpoint.size }, filter);
    const read: SegmentLeaves = new Map();
    return {
      ...{ checkpoint, after, filter: asked, continues: continued !== null },
      pages: this.pages.read(filter, span, () => this.admit(ctx)),
      subtrees: (range: LeafRange) => {
        if (read.size > SEGMENTS_KEPT) read.clear();
        return this.proofs.subtrees(checkpoint.size, range, read);
      },
    };
  }

  /** One for each, and one for all agents' keys together: nobody keeps the others out. @throws TooManyRequests */
  private requirePlace({ id, kind }: Principal): void {
    const running = [...this.running];
    const isTaken = running.some((other) => other.id === id || (kind === 'agent' && other.kind === 'agent'));
    if (isTaken || running.length >= AT_ONCE)
      throw new TooManyRequests('Other exports are running; try again later.', RETRY_AFTER_S);
  }

  /** What the log holds now; for who may not have it signed, what it held a moment ago. */
  private async checkpoint(ctx: OperationContext): Promise<Checkpoint> {
    if (this.authenticator.may(ctx.principal, 'audit:prove')) return this.checkpointer.current(ctx);
    const { head, newest } = await this.checkpointer.standing();
    const isFresh = newest?.origin === head.origin && this.clock.now() - newest.issuedAt < FRESH_MS;
    return isFresh ? newest : this.checkpointer.current(ctx);
  }

  /** It may run for long. @throws DomainError where the caller's credentials or rights hold no longer. */
  private admit(ctx: OperationContext): void {
    if (this.ending) throw new DomainError('SHUTTING_DOWN', 'The service ends; go on elsewhere, or later.');
    if (!this.authenticator.stillKnown(ctx.principal))
      throw new DomainError('UNAUTHENTICATED', 'The credentials hold no longer.');
    this.authenticator.authorize(ctx, 'audit:read');
  }

  private async checkpointOf(treeSize: number): Promise<Checkpoint> {
    const checkpoint = await this.checkpointer.ofSize(treeSize);
    if (checkpoint) return checkpoint;
    throw new ValidationFailed([
      { path: 'tree_size', message: 'must be that of a checkpoint, such as an export begins with' },
    ]);
  }

  private async requireIndexed(size: number): Promise<void> {
    await this.text.catchUp();
    if ((await this.text.indexed()) < size)
      throw new DomainError('INDEX_BEHIND', 'The index of words is behind the log; try again.');
  }

  private async tell(ctx: OperationContext, request: ExportRequest): Promise<void> {
    const { format, asked, after, treeSize } = request;
    const masked = new MaskedKinds();
    const filter = this.policy.current.redactor.value(asked, masked);
    await this.transactions.append(ctx, (tx) =>
      this.trail.record(tx, {
        agent: actorOf(ctx.principal, this.agents),
        operationType: 'audit.export',
        targetType: 'log',
        decision: 'allowed',
        source: 'decided',
        context: toStorable(
          JSON.stringify({
            ...{ format, filter, after_seq: after, tree_size: treeSize, redacted: masked.list },
          }),
        ),
      }),
    );
  }
}

function requireWithin(after: number, size: number, what: string): void {
  if (after > size)
    throw new ValidationFailed([
      { path: 'after_seq', message: `must not be beyond the ${what}, which holds ${size} entries` },
    ]);
}
