import { ApiProperty } from '@nestjs/swagger';
import type { StreamPage } from '../stream/stream-pages.js';

/** A part of the stream. */
export class StreamPageResponse {
  @ApiProperty({ description: 'The log that the sequence numbers belong to.', example: '1f0c6a0de7c1f7f5' })
  epoch!: string;

  @ApiProperty({ description: 'From here on all entries are there.', type: 'integer', example: 1 })
  oldest_seq!: number;

  @ApiProperty({ description: 'The newest entry of the log.', type: 'integer', example: 1100 })
  newest_seq!: number;

  @ApiProperty({
    description: 'Ask on with this as `after_seq`. Where it equals `newest_seq` there is no more.',
    type: 'integer',
    example: 1100,
  })
  next_after_seq!: number;

  @ApiProperty({
    description: 'Frames in log order, as `/asyncapi.json` describes them.',
    type: 'array',
    items: { type: 'object', additionalProperties: true },
    example: [],
  })
  frames!: object[];
}

export function toStreamPageResponse(page: StreamPage): StreamPageResponse {
  return {
    epoch: page.epoch,
    oldest_seq: page.oldestSeq,
    newest_seq: page.newestSeq,
    next_after_seq: page.nextAfterSeq,
    frames: page.frames.map((frame) => JSON.parse(frame) as object),
  };
}
