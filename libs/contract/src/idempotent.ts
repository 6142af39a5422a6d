import { applyDecorators, SetMetadata } from '@nestjs/common';
import { ApiHeader } from '@nestjs/swagger';
import { ValidationFailed } from '#kernel';
import { ApiProblems } from './problem.js';

const IDEMPOTENT = 'contract:idempotent';
export const IDEMPOTENCY_KEY = 'Idempotency-Key';
export const REPLAYED = 'Idempotency-Replayed';
/** Visible ASCII. */
const KEY = /^[\x21-\x7e]{1,255}$/;

export interface Idempotency {
  /** The answer holds a secret, and so is never stored. */
  readonly secret: boolean;
}

/** A POST that writes: with an `Idempotency-Key` it is carried out once, and documented so. */
export function Idempotent({ secret = false }: Partial<Idempotency> = {}): MethodDecorator {
  const repeated = secret
    ? 'A repeat within 24 h writes nothing and is answered 409, since the answer holds a secret'
    : 'A repeat within 24 h writes nothing and gets the first answer, marked `Idempotency-Replayed: true`';
  return applyDecorators(
    SetMetadata(IDEMPOTENT, { secret } satisfies Idempotency),
    ApiHeader({
      name: IDEMPOTENCY_KEY,
      description:
        `1 to 255 visible ASCII characters, new for each call that is not a repeat. ${repeated}; 422 for another ` +
        'path or body under the same key, 409 while the first is being carried out. Keys are those of the principal and ' +
        'the route. What was answered with an error is carried out anew.',
      required: false,
      schema: { type: 'string', pattern: KEY.source, example: '8e03978e-40d5-43e8-bc93-6894a57f9324' },
    }),
    ApiProblems(409, 422),
  );
}

/** What a handler says of itself; null for one that writes nothing, or is no POST. */
export function idempotencyOf(handler: object): Idempotency | null {
  return (Reflect.getMetadata(IDEMPOTENT, handler) as Idempotency | undefined) ?? null;
}

/** @throws ValidationFailed */
export function checkIdempotencyKey(key: string): void {
  if (!KEY.test(key)) refuseIdempotencyKey('must be 1 to 255 visible ASCII characters');
}

/** @throws ValidationFailed */
export function refuseIdempotencyKey(message: string): never {
  throw new ValidationFailed([{ path: IDEMPOTENCY_KEY, message }]);
}
