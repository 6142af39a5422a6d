import { IntegerField, TextField } from '#contract';
import { EPOCH_FORM, StreamFilterQuery } from './stream.query.js';

export const DEFAULT_FRAMES = 100;

export class StreamPageQuery extends StreamFilterQuery {
  @IntegerField({
    description: 'The page begins behind this entry; with the oldest one where absent.',
    example: 1042,
    max: Number.MAX_SAFE_INTEGER,
  })
  after_seq?: number;

  @TextField({
    description: 'The log that `after_seq` belongs to: where it is another one, the answer is 410.',
    example: '1f0c6a0de7c1f7f5',
    pattern: EPOCH_FORM,
    patternMessage: 'must be the epoch of an earlier answer',
  })
  epoch?: string;

  @IntegerField({
    description: 'How many frames at the most.',
    default: DEFAULT_FRAMES,
    example: DEFAULT_FRAMES,
    min: 1,
    max: 1_000,
  })
  limit?: number;
}
