import { IntegerField, TextField } from '#contract';

const SIZE = { min: 1, max: Number.MAX_SAFE_INTEGER, example: 2048 };

export class InclusionProofQuery {
  @TextField({
    description: 'The entry.',
    example: '019ab0de-7c1f-7f5a-9d25-2f0c5d9f3a11',
    required: true,
    maxChars: 64,
  })
  audit_id!: string;

  @IntegerField({
    description:
      'How many entries the tree holds that it is shown to be in; those of the newest checkpoint by default.',
    ...SIZE,
  })
  size?: number;
}

export class ConsistencyProofQuery {
  @IntegerField({ description: 'How many entries the older tree holds.', required: true, ...SIZE })
  from!: number;

  @IntegerField({ description: 'How many entries the newer tree holds.', required: true, ...SIZE })
  to!: number;
}
