import type { CommandReading, CommandResult } from './command-reading.js';
import { readCommand } from './read-command.js';
import type { ActionRequest } from './decision.js';
import type { DecisionRules, OperationRule } from './decision-rules.js';
import { serverOf } from './names.js';
import { type PathResult, readPath, widen, type WideReading } from './path-reading.js';

/** Characters of the files that a command names, each with the directory that it is in. */
const MAX_NAMED_CHARACTERS = 131_072;

/** A file that a tool is to touch. */
export interface FileAccess {
  /** As it was sent. */
  readonly text: string;
  readonly writes: boolean;
  readonly result: PathResult;
}

/** A file that a command names. */
export interface NamedFile {
  readonly text: string;
  readonly writes: boolean;
  readonly reading: WideReading;
}

/** A request as the rules see it: read once, asked by every step. */
export interface ActionReading {
  readonly request: ActionRequest;
  /** The tool's names, its own first. */
  readonly tools: readonly string[];
  /** The MCP server; null for other tools, '' for one that names none. */
  readonly server: string | null;
  /** Null for a tool that touches no files. An empty list: it should have named one. */
  readonly files: readonly FileAccess[] | null;
  /** Globs over file names. */
  readonly globs: readonly string[];
  /** Null for a tool that runs no command. An empty list: it should have brought one. */
  readonly commands: readonly CommandResult[] | null;
  readonly namedFiles: readonly NamedFile[];
  /** The operations of the policy that this is. */
  readonly operations: readonly OperationRule[];
  /** False where an operation is named that the policy does not know. */
  readonly operationKnown: boolean;
  readonly tokens: number;
  /** micro-USD. */
  readonly costMicro: number;
}

export function readAction(rules: DecisionRules, request: ActionRequest): ActionReading {
  const tools = rules.namesOf(request.toolName);
  const { files, globs } = filesOf(rules, tools, request);
  const commands = commandsOf(rules, tools, request);
  const namedFiles = (commands ?? []).flatMap((command) => filesNamedBy(rules, command, startOf(request)));
  const tokens = request.estimatedTokens ?? rules.estimateOf(tools);
  return {
    request,
    tools,
    server: serverOf(request.toolName),
    files,
    globs,
    commands,
    namedFiles,
    operations: rules.operations.filter((rule) =>
      isOperation(rule, request, tools, files, commands, namedFiles),
    ),
    operationKnown:
      request.operation === null ||
      rules.operations.some(({ declared, name }) => declared && name === request.operation),
    tokens,
    costMicro: request.estimatedCostMicro ?? Math.round((tokens * rules.microPerMillionTokens) / 1e6),
  };
}

function filesOf(
  rules: DecisionRules,
  tools: readonly string[],
  request: ActionRequest,
): { files: FileAccess[] | null; globs: string[] } {
  const tool = firstOf(tools, rules.fileTools);
  const given = tool ? request.toolInput?.[tool.path] : undefined;
  const writes = tool?.writes ?? true;
  const texts = [given, request.filePath, request.realPath].filter(
    (path) => path !== undefined && path !== null,
  );
  if (!tool && texts.length === 0) return { files: null, globs: [] };
  if (texts.length === 0 && tool?.default) texts.push(tool.default);
  const files = [...new Set(texts)].map((path): FileAccess => {
    if (typeof path !== 'string') {
      return { text: '', writes, result: { refused: 'the path is not text' } };
    }
    return { text: path, writes, result: readPath(path, request.cwd, request.root) };
  });
  const globs = (tool?.globs ?? []).map((name) => request.toolInput?.[name]);
  return { files, globs: globs.filter((glob) => typeof glob === 'string') };
}

function commandsOf(
  rules: DecisionRules,
  tools: readonly string[],
  request: ActionRequest,
): CommandResult[] | null {
  const member = firstOf(tools, rules.commandTools);
  const given = member === undefined ? undefined : request.toolInput?.[member];
  const texts = [given, request.command].filter((command) => command !== undefined && command !== null);
  if (member === undefined && texts.length === 0) return null;
  const length = startOf(request)?.length ?? 0;
  return [...new Set(texts)].map((command) =>
    typeof command === 'string'
      ? withFewNames(readCommand(command), length)
      : { refused: 'the command is not text' },
  );
}

/** Where relative names begin. */
const startOf = ({ cwd, root }: ActionRequest): string | null => cwd ?? root;

/** @param length of the directory that relative names begin in. */
function withFewNames(command: CommandResult, length: number): CommandResult {
  if ('refused' in command) return command;
  const names = command.words.length + command.written.length;
  return names * length > MAX_NAMED_CHARACTERS
    ? { refused: 'the command names too many files for the length of its cwd' }
    : command;
}

/** Files that a command's words name; written where a redirection or a program that changes files is given them. */
function filesNamedBy(rules: DecisionRules, command: CommandResult, start: string | null): NamedFile[] {
  if ('refused' in command) return [];
  const written = new Set(command.written);
  for (const { program, args } of command.calls) {
    if (rules.writers.has(program)) for (const word of args) if (word !== null) written.add(word);
  }
  const words = new Set([...command.words, ...written]);
  return [...words].map((text) => ({ text, writes: written.has(text), reading: widen(text, start) }));
}

function isOperation(
  rule: OperationRule,
  request: ActionRequest,
  tools: readonly string[],
  files: readonly FileAccess[] | null,
  commands: readonly CommandResult[] | null,
  namedFiles: readonly NamedFile[],
): boolean {
  if (rule.declared && request.operation === rule.name) return true;
  if (rule.tools.match(tools) !== null) return true;
  const readings = (commands ?? []).filter((command): command is CommandReading => !('refused' in command));
  if (rule.commands.some((pattern) => readings.some((reading) => pattern.matches(reading)))) return true;
  return (
    (files ?? []).some(
      ({ writes, result }) => writes && !('refused' in result) && rule.writes.match(result) !== null,
    ) || namedFiles.some(({ writes, reading }) => writes && rule.writes.match(reading) !== null)
  );
}

function firstOf<Value>(names: readonly string[], map: ReadonlyMap<string, Value>): Value | undefined {
  for (const name of names) {
    const value = map.get(name);
    if (value !== undefined) return value;
  }
  return undefined;
}
