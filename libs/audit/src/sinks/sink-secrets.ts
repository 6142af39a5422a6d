import { createHash, createHmac, randomBytes } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { CONFIG, type Config } from '#config';
import { openKeyFile } from '../key-file.js';
import type { AuditSink } from './sink.js';
import { kindOf } from './sink-target.js';

const KEY_BYTES = 32;
const KEY_FORM = /^[A-Za-z0-9+/]{43}=$/;
const PREFIX = 'whsec_';

/** What of a sink its secrets are made of. */
type Named = Pick<AuditSink, 'sinkId' | 'secretVersion'>;

/**
 * The secrets of webhooks. None is stored: each is an HMAC of the sink's id and a version, with the key of a file outside the
 * store. The store has its hash, by which another key is noticed.
 */
@Injectable()
export class SinkSecrets {
  private opened: Promise<Buffer> | null = null;

  constructor(@Inject(CONFIG) private readonly config: Pick<Config, 'sinkKeyFile'>) {}

  /** `whsec_` and base64, as Standard Webhooks has it. @throws Error where the key can be neither read nor made. */
  async secretOf({ sinkId, secretVersion }: Named): Promise<string> {
    const key = await this.key();
    const secret = createHmac('sha256', key).update(`audit-sink ${sinkId} ${secretVersion}`);
    return PREFIX + secret.digest('base64');
  }

  /** Those that a webhook is signed with, the newest first; none for syslog. @throws Error where the key is another now. */
  async secretsInForce(sink: AuditSink, now: number): Promise<string[]> {
    if (kindOf(sink.target) === 'syslog') return [];
    const secret = await this.secretOf(sink);
    if (hashOf(secret) !== sink.secretHash)
      throw new Error('SINK_KEY_FILE does not hold the key of this secret; rotate the secret');
    if (sink.previousUntil === null || sink.previousUntil <= now) return [secret];
    return [secret, await this.secretOf({ ...sink, secretVersion: sink.secretVersion - 1 })];
  }

  private async key(): Promise<Buffer> {
    this.opened ??= this.open();
    try {
      return await this.opened;
    } catch (error) {
      // What keeps the file from being read may pass.
      this.opened = null;
      throw error;
    }
  }

  private async open(): Promise<Buffer> {
    const { sinkKeyFile: file } = this.config;
    const text = (await openKeyFile(file, () => `${randomBytes(KEY_BYTES).toString('base64')}\n`)).trim();
    if (!KEY_FORM.test(text)) throw new Error(`${file} holds no key of ${KEY_BYTES} bytes in base64`);
    return Buffer.from(text, 'base64');
  }
}

/** SHA-256, hexadecimal. */
export function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}
