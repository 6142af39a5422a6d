import { pageQuery } from '#contract';

export class PolicyVersionsQuery extends pageQuery({
  list: 'policy/versions',
  place: ['number', 'string'],
  maxLimit: 500,
}) {}
