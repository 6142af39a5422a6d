import { describe, expect, it } from '@jest/globals';
import { getMetadataStorage, validateSync } from 'class-validator';
import fc from 'fast-check';
import '../../apps/api/src/app.module.js';
import { findProblems, rulesOf } from '#contract';
import { LIMITS } from '#kernel';

type RequestClass = new () => object;

/** Every class that any decorator of class-validator stands in. */
function requestClasses(): RequestClass[] {
  const { validationMetadatas } = getMetadataStorage() as unknown as {
    validationMetadatas: Map<RequestClass, unknown>;
  };
  return [...validationMetadatas.keys()];
}

const AWKWARD = [
  undefined,
  null,
  '',
  'x',
  'coder',
  'allowed',
  'execution',
  'human',
  ' ',
  '\0',
  '\ud800',
].concat([
  '2026-01-05T10:00:00.000Z',
  '2026-13-05',
  '019ab0de-7c1f-7f5a-9d25-2f0c5d9f3a11',
  'ü'.repeat(LIMITS.textBytes / 2 + 1),
  '1',
  'true',
]);
const NUMBERS = [0, -0, 1, -1, 0.5, 1e6, 1e6 + 1, 1e12, 1e12 + 1, NaN, Infinity, -Infinity, 2 ** 53];
const OTHERS = [true, false, {}, { a: 1 }, [], ['a'], [''], [1], [{}], [null], new Array(1_001).fill('a')];

const value = fc.oneof(
  fc.constantFrom<unknown>(...AWKWARD, ...NUMBERS, ...OTHERS),
  fc.anything({ maxDepth: 2 }),
  fc.string(),
);

describe('the compiled checks', () => {
  it.each(requestClasses().map((type): [string, RequestClass] => [type.name, type]))(
    'find with %s what class-validator finds',
    (_name, type) => {
      const members = Object.fromEntries([...rulesOf(type).fields].map((name) => [name, value]));
      fc.assert(
        fc.property(fc.record(members, { requiredKeys: [] }), (given) => {
          const request = Object.assign(new type(), given);
          const reference = validateSync(request, { stopAtFirstError: true, forbidUnknownValues: false });
          expect(findProblems(request)).toEqual(
            reference.flatMap(({ property: path, constraints }) =>
              Object.values(constraints ?? {}).map((message) => ({ path, message })),
            ),
          );
        }),
        { numRuns: 300 },
      );
    },
  );

  it('stand for all requests there are', () => {
    expect(requestClasses().length).toBeGreaterThan(20);
  });
});
