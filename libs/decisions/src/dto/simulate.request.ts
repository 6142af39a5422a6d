import { TextField, TimeField } from '#contract';

export class SimulateRequest {
  @TextField({
    description: 'The candidate, a whole policy document in YAML.',
    example: 'version: 1\n',
    required: true,
    anyLength: true,
  })
  policy!: string;

  @TimeField({ description: 'Decisions from then on, ISO 8601.', example: '2026-01-05T00:00:00Z' })
  start_date?: string;

  @TimeField({ description: 'Decisions before then, ISO 8601.', example: '2026-01-06T00:00:00Z' })
  end_date?: string;

  @TextField({ description: 'UUID or name of an agent.', example: 'coder' })
  agent_id?: string;
}
