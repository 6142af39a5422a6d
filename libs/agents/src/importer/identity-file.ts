import { buildAgent, type ImportedAgent } from './agent-fields.js';
import { type Fields, firstPresent, IdentityRefused } from './fields.js';
import { splitFrontMatter } from './front-matter.js';
import { type MarkdownBody, readMarkdownBody } from './markdown-body.js';
import type { RoleFacts } from './role-derivation.js';
import { readTolerantly } from './tolerant-reader.js';
import { readYaml } from './yaml-reader.js';

export type IdentityFileResult =
  /** `notes` say where the agent is not as its file says, one sentence each. The lines are those of name and id. */
  | {
      status: 'agent';
      path: string;
      agent: ImportedAgent;
      notes: string[];
      nameLine: number;
      idLine: number;
    }
  /** No agent, and not meant to be one. */
  | { status: 'left_out'; path: string; reason: string }
  /** Not to be trusted or not to be read; `line` is 1-based. */
  | { status: 'refused'; path: string; line: number; reason: string };

export interface IdentityFileOptions {
  /** Leaves out files without an identity: those without front matter, and plain subagents. */
  strict?: boolean;
}

/** A file in which an agent stands. */
export type AgentFile = Extract<IdentityFileResult, { status: 'agent' }>;

/** Where any of these is present, the file is of the first or second generation. */
const IDENTITY_PATH = /^(?:x-)?(?:identity|rbac|budget)(?:\.|$)/;
const DOCUMENT_STEM = /^(?:readme|changelog|index|license|contributing|summary|.*_summary)$/i;
/** Capitals only: `meeting-summary` is a good name for an agent. */
const SUMMARY_STEM = /SUMMARY$/;

/**
 * Reads one identity file of any generation. Nothing in it is executed, and it never throws for what a file holds.
 * @param path relative to the imported folder, `/`-separated; its folders are the fallback category and speak for roles
 * @param bytes the file, UTF-8
 */
export function parseIdentityFile(
  path: string,
  bytes: Uint8Array,
  facts: RoleFacts,
  options: IdentityFileOptions = {},
): IdentityFileResult {
  try {
    return read(path, bytes, facts, options);
  } catch (error) {
    if (error instanceof IdentityRefused)
      return { status: 'refused', path, line: error.line, reason: error.message };
    throw error;
  }
}

function read(
  path: string,
  bytes: Uint8Array,
  facts: RoleFacts,
  options: IdentityFileOptions,
): IdentityFileResult {
  const { frontMatter, firstLine, body, bodyLine } = splitFrontMatter(bytes);
  const { fields, notes } = readFrontMatter(frontMatter ?? [], firstLine);
  const markdown = readMarkdownBody(body, bodyLine);
  if (![...fields.keys()].some((key) => IDENTITY_PATH.test(key))) {
    const reason = reasonToLeaveOut(path, markdown, fields, options.strict ?? false);
    if (reason !== null) return { status: 'left_out', path, reason };
  }
  const built = buildAgent(path, fields.size > 0 ? fields : markdown.fields, facts);
  built.notes.unshift(...notes);
  return { status: 'agent', path, ...built };
}

function readFrontMatter(lines: readonly string[], firstLine: number): { fields: Fields; notes: string[] } {
  const yaml = readYaml(lines, firstLine);
  if (yaml.valid) return { fields: yaml.fields, notes: [] };
  const { fields, repeated } = readTolerantly(lines, firstLine);
  return {
    fields,
    notes: [
      `not valid YAML (line ${yaml.line}): read line by line`,
      ...repeated.map(({ path, line }) => `${path} is repeated (line ${line}): the first counts`),
    ],
  };
}

function reasonToLeaveOut(
  path: string,
  markdown: MarkdownBody,
  fields: Fields,
  strict: boolean,
): string | null {
  const stem = path
    .slice(path.lastIndexOf('/') + 1)
    .replace(/\.md$/i, '')
    .replace(/^\d+[-_. ]*/, '');
  if (DOCUMENT_STEM.test(stem) || SUMMARY_STEM.test(stem)) return 'a document, not an agent';
  if (strict) return 'no identity (strict)';
  // A subagent's front matter makes it one, even where its prompt is plain text.
  if (firstPresent(fields, 'name', 'description') !== null) return null;
  return markdown.hasHeading || markdown.hasBoldField ? null : 'neither heading nor bold field: not an agent';
}
