import fc from 'fast-check';

/** As much of JSON Schema as the service's OpenAPI document uses. */
export interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly format?: string;
  readonly enum?: readonly unknown[];
  readonly pattern?: string;
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly maximum?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | Schema;
  readonly not?: { readonly enum?: readonly unknown[] };
}

export type Resolve = (ref: string) => Schema;

const SAMPLE_TEXT = /^[\x20-\x7e]*$/;

/** Values that the schema allows. */
export function valid(schema: Schema, resolve: Resolve): fc.Arbitrary<unknown> {
  if (schema.$ref) return valid(resolve(schema.$ref), resolve);
  if (schema.enum) return fc.constantFrom(...schema.enum);
  const types = [schema.type ?? 'object'].flat();
  return fc.oneof(...types.map((type) => ofType(type, schema, resolve)));
}

function ofType(type: string, schema: Schema, resolve: Resolve): fc.Arbitrary<unknown> {
  const min = schema.exclusiveMinimum === undefined ? (schema.minimum ?? 0) : schema.exclusiveMinimum + 1;
  const max = schema.maximum ?? 1e6;
  switch (type) {
    case 'null':
      return fc.constant(null);
    case 'boolean':
      return fc.boolean();
    case 'integer':
      return fc.oneof(fc.integer({ min, max: Math.min(max, min + 100) }), fc.constantFrom(min, max));
    case 'number':
      return fc.oneof(fc.double({ min, max, noNaN: true }), fc.constantFrom(min, max));
    case 'array':
      return fc.array(valid(schema.items ?? {}, resolve), { minLength: schema.minItems ?? 0, maxLength: 5 });
    case 'string':
      return text(schema);
    default:
      return object(schema, resolve);
  }
}

function text({ format, pattern, maxLength = pattern ? 200 : 40, not }: Schema): fc.Arbitrary<string> {
  if (format === 'uuid') return fc.uuid();
  if (format === 'date-time') {
    const earliest = new Date('2000-01-01T00:00:00Z');
    return fc.date({ min: earliest, max: new Date(), noInvalidDate: true }).map((date) => date.toISOString());
  }
  if (pattern)
    return fc
      .stringMatching(new RegExp(pattern))
      .filter((value) => value.length <= maxLength && !not?.enum?.includes(value));
  return fc.stringMatching(SAMPLE_TEXT).filter((value) => value.length <= maxLength && value !== '');
}

function object(schema: Schema, resolve: Resolve): fc.Arbitrary<Record<string, unknown>> {
  const members = Object.entries(schema.properties ?? {}).map(
    ([name, member]) => [name, valid(member, resolve)] as const,
  );
  if (members.length === 0) return fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 2 }), { maxKeys: 3 });
  return fc.record(Object.fromEntries(members), { requiredKeys: [...(schema.required ?? [])] });
}

/** Values of any kind, most of which a given schema does not allow. */
export const anything: fc.Arbitrary<unknown> = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.constantFrom(
    -1,
    1.5,
    1e300,
    2 ** 53,
    '',
    ' ',
    '0',
    'null',
    'x'.repeat(5000),
    '\u0000',
    '\ud800',
    [],
    {},
    [[]],
  ),
);
