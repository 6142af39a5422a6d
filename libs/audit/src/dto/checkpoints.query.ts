import { pageQuery } from '#contract';

export class CheckpointsQuery extends pageQuery({
  list: 'audit/checkpoints',
  place: ['number'],
  maxLimit: 1000,
}) {}
