import { IntegerField, UnknownFields } from '#contract';

/** Seconds. */
export const MAX_GRACE_S = 86_400;

@UnknownFields('reject')
export class RotateKeyRequest {
  @IntegerField({
    description: 'How long the old key stays valid, seconds; 0: it is revoked at once.',
    default: 0,
    example: 3600,
    max: MAX_GRACE_S,
  })
  grace_s?: number;
}
