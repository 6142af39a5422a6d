import { BooleanField, NumberField, TextField } from '#contract';
import { LIMITS } from '#kernel';

export class ActivateAgentRequest {
  @TextField({ description: 'The session it works in.', example: 's-1' })
  session_id?: string;

  @TextField({ description: 'What it is to do.', example: 'Fix the login form' })
  task?: string;
}

export class CompleteAgentRequest extends ActivateAgentRequest {
  @BooleanField({ description: 'Whether the task was done.', example: true, required: true })
  success!: boolean;

  @NumberField({ description: 'Milliseconds it took.', example: 5400, max: LIMITS.durationMs })
  execution_time_ms?: number;
}
