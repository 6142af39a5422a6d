import { TextField } from '#contract';

export class EraseTextsRequest {
  @TextField({
    description: 'Why. It is kept in the entry of the erasure: do not repeat what is to be erased.',
    example: 'request 17 of a data subject',
    required: true,
    maxChars: 1000,
    pattern: /\S/,
    patternMessage: 'must not be blank',
  })
  reason!: string;
}
