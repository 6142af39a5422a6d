import { EnumField, IntegerField } from '#contract';
import { EXPORT_FORMATS, type ExportFormatName, type ExportRequest } from '../export/log-export.js';
import { AuditFilterQuery, toAuditFilter } from './audit-list.query.js';

export class ExportQuery extends AuditFilterQuery {
  @EnumField(EXPORT_FORMATS, {
    description: '`ndjson` carries exact leaves and what proves them; `csv` is for spreadsheets.',
    default: 'ndjson',
    example: 'ndjson',
  })
  format?: ExportFormatName;

  @IntegerField({
    description:
      'Begin behind this entry: where an earlier export ended, or broke off. Lines of a gap count by their `to`.',
    default: 0,
    example: 2048,
    max: Number.MAX_SAFE_INTEGER,
  })
  after_seq?: number;

  @IntegerField({
    description:
      'Go on with an export that broke off: the `tree_size` that it began with. What comes is put behind what is there.',
    example: 4096,
    min: 1,
    max: Number.MAX_SAFE_INTEGER,
  })
  tree_size?: number;
}

/** @throws ValidationFailed */
export function toExportRequest(query: ExportQuery): ExportRequest {
  const { format = 'ndjson', after_seq: after = 0, tree_size: treeSize, ...filters } = query;
  const asked = Object.entries(filters).filter(([, value]: [string, unknown]) => value !== undefined);
  return { format, after, treeSize, filter: toAuditFilter(query), asked: Object.fromEntries(asked) };
}
