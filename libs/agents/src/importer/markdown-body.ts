import type { Field, Fields } from './fields.js';

export interface MarkdownBody {
  readonly hasHeading: boolean;
  readonly hasBoldField: boolean;
  /** The bold lines that say what front matter would: paths as in front matter. */
  readonly fields: Fields;
}

const HEADING = /^ {0,3}#{1,6}\s+\S/;
const BOLD_FIELD = /^\s*(?:[-*+]\s+)?\*\*([^*:]{1,80}?)\s*(?::\s*\*\*|\*\*\s*:)\s*(.*)$/;
const CODE_FENCE = /^\s*(?:```|~~~)/;

const BOLD_PATHS: ReadonlyMap<string, string> = new Map([
  ['agent id', 'identity.agent_id'],
  ['role', 'identity.role'],
  ['category', 'metadata.category'],
  ['version', 'metadata.version'],
]);

/**
 * Reads what an agent without front matter says of itself in lines like `**Category**: Audit`; code is not text.
 * @param firstLine 1-based line in the file of `lines[0]`
 */
export function readMarkdownBody(lines: readonly string[], firstLine: number): MarkdownBody {
  const fields = new Map<string, Field>();
  let hasHeading = false;
  let hasBoldField = false;
  let inCode = false;
  lines.forEach((line, index) => {
    if (CODE_FENCE.test(line)) inCode = !inCode;
    if (inCode) return;
    hasHeading ||= HEADING.test(line);
    const bold = BOLD_FIELD.exec(line);
    if (bold === null) return;
    hasBoldField = true;
    const path = BOLD_PATHS.get((bold[1] ?? '').trim().toLowerCase());
    if (path === undefined || fields.has(path)) return;
    fields.set(path, { line: firstLine + index, value: { kind: 'text', text: (bold[2] ?? '').trim() } });
  });
  return { hasHeading, hasBoldField, fields };
}
