import { Injectable } from '@nestjs/common';
import { isUuid, type RecordedEvent } from '#kernel';
import { Reader } from '#persistence';
import { leafBody, textBody } from '../log/leaf.js';
import { SEALED_COLUMNS, type SealedRow, toRecordedEvent } from '../log/log-columns.js';
import { type AuditFilter, logQuery } from '../log/log-query.js';

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

/** Entries by their sequence numbers: behind `after`, up to `to`. */
export interface SeqSpan {
  readonly after: number;
  readonly to: number;
}

@Injectable()
export class SealedEntriesRepository {
  constructor(private readonly reader: Reader) {}

  async find(auditId: string): Promise<SealedEntry | null> {
    if (!isUuid(auditId)) return null;
    const [row] = await this.reader.select<SealedRow>(
      SEALED_COLUMNS,
      'FROM agent_audit_log WHERE audit_id = ?',
      [auditId],
    );
    return row ? toSealedEntry(row) : null;
  }

  /** In log order. */
  async findIn({ after, to }: SeqSpan, filter: AuditFilter, limit: number): Promise<SealedEntry[]> {
    const { from, seq, where } = logQuery(filter, this.reader.dialect);
    where.andAll(`${seq} > ? AND ${seq} <= ?`, [after, to]);
    const rows = await this.reader.select<SealedRow>(
      SEALED_COLUMNS,
      `FROM ${from} ${where.sql} ORDER BY ${seq} LIMIT ?`,
      [...where.parameters, limit],
    );
    return rows.map(toSealedEntry);
  }

  /** The part of `span` outside of which no entry is of the filter's time. */
  async spanOf({ after, to }: SeqSpan, filter: AuditFilter): Promise<SeqSpan> {
    const { bounds } = logQuery({}, this.reader.dialect);
    const edge = async (pick: string, { sql, parameter }: typeof bounds.from, time: number) => {
      const [row] = await this.reader.query<{ seq: number | null }>(
        `SELECT ${pick}(seq) AS seq FROM agent_audit_log WHERE ${sql}`,
        [parameter(time)],
      );
      return row?.seq ?? null;
    };
    const first = filter.from == null ? 1 : ((await edge('MIN', bounds.from, filter.from)) ?? to + 1);
    const last = filter.to == null ? to : ((await edge('MAX', bounds.to, filter.to)) ?? 0);
    return { after: Math.max(after, first - 1), to: Math.min(to, last) };
  }
}

function toSealedEntry(row: SealedRow): SealedEntry {
  const event = toRecordedEvent(row);
  return {
    event,
    leaf: leafBody(event, row.text_hash),
    text: row.text_salt === null ? null : { salt: row.text_salt, body: textBody(event) },
    leafHash: row.leaf_hash,
  };
}
