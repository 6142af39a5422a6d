import { EnumField, pageQuery, TextField, TimeField } from '#contract';
import { METRIC_TYPES } from './create-metric.request.js';

const AGENT = { description: 'UUID or name of an agent.', example: 'coder' };
const TYPE = { description: 'Only this type.', example: 'execution' };

export class MetricListQuery extends pageQuery({
  list: 'metrics',
  place: ['number', 'string'],
  maxLimit: 1000,
}) {
  @TextField(AGENT)
  agent_id?: string;

  @EnumField(METRIC_TYPES, TYPE)
  metric_type?: string;

  @TimeField({
    description: 'From this time on, ISO 8601; without an offset it is UTC.',
    example: '2026-01-05T00:00:00Z',
  })
  start_date?: string;

  @TimeField({
    description: 'Before this time, ISO 8601; without an offset it is UTC.',
    example: '2026-01-06T00:00:00Z',
  })
  end_date?: string;
}
