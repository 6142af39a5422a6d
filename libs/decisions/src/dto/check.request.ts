import { IntegerField, LenientText, NumberField, ObjectField, TextField } from '#contract';
import { LIMITS } from '#kernel';

/** What an agent is about to do. Text that cannot be read is no reason to refuse the question: it is denied. */
@LenientText()
export class CheckRequest {
  @TextField({
    description: 'UUID or name of the agent; wins over `agent_name`.',
    example: 'coder',
    anyLength: true,
  })
  agent_id?: string;

  @TextField({ description: 'Its name.', example: 'coder', anyLength: true })
  agent_name?: string;

  @TextField({
    description: 'Counts for agents that are not registered; a registered role wins.',
    example: 'developer',
    anyLength: true,
  })
  agent_role?: string;

  @TextField({ description: 'The tool, case-sensitive.', example: 'Write', required: true, anyLength: true })
  tool_name!: string;

  @ObjectField({
    description: "The tool's whole input.",
    example: { file_path: '/home/dev/shop/src/app.ts' },
  })
  tool_input?: Record<string, unknown>;

  @TextField({ description: 'A file, beside what the input says.', example: 'src/app.ts', anyLength: true })
  file_path?: string;

  @TextField({
    description: 'Where links lead; then both paths must be in scope.',
    example: '/home/dev/shop/src/app.ts',
    anyLength: true,
  })
  real_path?: string;

  @TextField({ description: 'A command, beside what the input says.', example: 'npm test', anyLength: true })
  command?: string;

  @TextField({
    description: "What no tool's name says: an operation of the policy.",
    example: 'production_deploy',
    anyLength: true,
  })
  operation?: string;

  @TextField({
    description: "The working directory, absolute. The session's first one is the root of all scopes.",
    example: '/home/dev/shop',
    anyLength: true,
  })
  cwd?: string;

  @TextField({ description: 'The session.', example: 's-1', anyLength: true })
  session_id?: string;

  @TextField({ description: 'One tool use gets one answer for 60 s.', example: 'toolu_01A', anyLength: true })
  tool_use_id?: string;

  @IntegerField({
    description: 'Tokens. Absent: what the policy takes the tool to use.',
    example: 1000,
    max: LIMITS.tokens,
  })
  estimated_tokens?: number;

  @NumberField({
    description: "USD. Absent: the tokens at the policy's price.",
    example: 0.003,
    max: LIMITS.costUsd,
  })
  estimated_cost_usd?: number;

  @ObjectField({ description: 'Anything else worth keeping.', example: { prompt_id: 'p-1' } })
  context?: Record<string, unknown>;
}
