import { Injectable } from '@nestjs/common';
import type { RecordedEvent } from '#kernel';
import { Reader } from '#persistence';
import { leafBody, textBody } from '../log/leaf.js';
import { type LogRow, SEALED_COLUMNS, toRecordedEvent } from '../log/log-columns.js';

/** An entry with all that its leaf is made from. */
export interface SealedEntry {
  readonly event: RecordedEvent;
  /** The leaf, an RFC 8785 object. */
  readonly leaf: string;
  /** What `text_hash` in the leaf is made from, with the salt in base64; null once it is erased. */
  readonly text: { readonly salt: string; readonly body: string } | null;
  /** As it is stored, base64. */
  readonly leafHash: string;
}

type SealedRow = LogRow & { text_salt: string | null; text_hash: string; leaf_hash: string };

@Injectable()
export class SealedEntriesRepository {
  constructor(private readonly reader: Reader) {}

  async find(auditId: string): Promise<SealedEntry | null> {
    const [row] = await this.reader.select<SealedRow>(
      SEALED_COLUMNS,
      'FROM agent_audit_log WHERE audit_id = ?',
      [auditId],
    );
    if (!row) return null;
    const event = toRecordedEvent(row);
    return {
      event,
      leaf: leafBody(event, row.text_hash),
      text: row.text_salt === null ? null : { salt: row.text_salt, body: textBody(event) },
      leafHash: row.leaf_hash,
    };
  }
}
