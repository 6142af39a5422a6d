import { createHmac, randomBytes } from 'node:crypto';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { canonicalJson, Clock, systemContext, TransactionRunner } from '#kernel';
import { DecisionsRepository } from './decisions.repository.js';

const SECRET = 'request-hash';
const KEY_BYTES = 32;

/** What is asked for, under the names of a check. */
export interface AskedRequest {
  readonly tool_name?: unknown;
  readonly tool_input?: unknown;
  readonly file_path?: unknown;
  readonly real_path?: unknown;
  readonly command?: unknown;
  readonly operation?: unknown;
  readonly cwd?: unknown;
  readonly session_id?: unknown;
}

/** Who asks, and where. */
export interface Asker {
  readonly agent: string;
  readonly principal: string;
  readonly root: string | null;
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

  /**
   * The hash over all that makes two requests the same to whoever approves one.
   * @returns hex; null for an input that nests too deep to be read.
   */
  ofCheck(request: AskedRequest, { agent, principal, root }: Asker): string | null {
    const { tool_input, file_path, real_path, command } = request;
    const asked = {
      agent,
      principal,
      tool: request.tool_name,
      input: { tool_input, file_path, real_path, command },
      operation: request.operation ?? null,
      root,
      cwd: request.cwd ?? null,
      session: request.session_id ?? null,
    };
    try {
      return createHmac('sha256', this.key).update(canonicalJson(asked)).digest('hex');
    } catch (error) {
      if (error instanceof RangeError) return null;
      throw error;
    }
  }
}
