import { createHmac, randomBytes } from 'node:crypto';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { canonicalJson, Clock, systemContext, TransactionRunner } from '#kernel';
import { DecisionsRepository } from './decisions.repository.js';

const SECRET = 'request-hash';
const KEY_BYTES = 32;

/** What makes two requests the same to whoever approves one. */
export interface HashedRequest {
  readonly agent: string;
  readonly principal: string;
  readonly tool: string;
  /** The tool's whole input, and what was sent beside it. */
  readonly input: unknown;
  readonly operation: string | null;
  readonly root: string | null;
  readonly cwd: string | null;
  readonly session: string | null;
}

/** HMAC-SHA-256 (RFC 2104) over a request, with a key of the store's, so that nobody else can make or guess one. */
@Injectable()
export class RequestHash implements OnModuleInit {
  private key = Buffer.alloc(0);

  constructor(
    private readonly repository: DecisionsRepository,
    private readonly transactions: TransactionRunner,
    private readonly clock: Clock,
  ) {}

  async onModuleInit(): Promise<void> {
    const fresh = randomBytes(KEY_BYTES).toString('base64');
    const secret = await this.transactions.run(systemContext('start'), (tx) =>
      this.repository.settleSecret(tx, SECRET, fresh, this.clock.now()),
    );
    this.key = Buffer.from(secret, 'base64');
  }

  /** @returns hex. @throws RangeError for an input that nests too deep. */
  of(request: HashedRequest): string {
    return createHmac('sha256', this.key).update(canonicalJson(request)).digest('hex');
  }
}
