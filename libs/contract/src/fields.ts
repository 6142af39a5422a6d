import { applyDecorators } from '@nestjs/common';
import { ApiProperty, type ApiPropertyOptions } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import {
  ArrayMaxSize,
  IsArray,
  IsBoolean,
  IsDefined,
  IsIn,
  IsInt,
  IsNotIn,
  IsNumber,
  IsObject,
  IsString,
  Matches,
  Max,
  Min,
  ValidateBy,
  ValidateIf,
} from 'class-validator';
import { isUuid, LIMITS } from '#kernel';
import { declareField } from './field-rules.js';
import { parseTime } from './time.js';

/** What every field states; a field is optional unless `required`. */
export interface FieldOptions {
  readonly description: string;
  readonly example?: unknown;
  readonly default?: unknown;
  readonly required?: boolean;
  /** Null is a value of its own here, and not the same as leaving the field out. */
  readonly nullable?: boolean;
}

/** Text as it came from a query string, or the value of a body member. */
type Coercion = (value: unknown) => unknown;

const asNumber =
  (form: RegExp): Coercion =>
  (value) =>
    typeof value === 'string' && form.test(value) ? Number(value) : value;
const asInteger = asNumber(/^[+-]?\d{1,18}$/);
const asBoolean: Coercion = (value) => (value === 'true' ? true : value === 'false' ? false : value);

function field(
  options: FieldOptions,
  schema: ApiPropertyOptions,
  validators: PropertyDecorator[],
  coerce?: Coercion,
): PropertyDecorator {
  const { description, example, required = false, nullable = false } = options;
  const documented = {
    ...schema,
    description,
    required,
    ...(example === undefined ? {} : { example }),
    ...(options.default === undefined ? {} : { default: options.default }),
    // Null means absent, so an optional field takes it.
    ...(required ? {} : { nullable: true }),
  } as ApiPropertyOptions;
  return applyDecorators(
    ApiProperty(documented),
    (prototype: object, property: string | symbol) => declareField(prototype, String(property), nullable),
    ...(required
      ? [IsDefined({ message: 'is required' })]
      : [ValidateIf((_request, value) => value !== undefined && value !== null)]),
    ...validators,
    ...(coerce ? [Transform(({ value }) => coerce(value))] : []),
  );
}

function Check(name: string, holds: (value: unknown) => boolean, message: string): PropertyDecorator {
  return ValidateBy({ name, validator: { validate: holds, defaultMessage: () => message } });
}

/** Whether it is text within the limit, which counts bytes of UTF-8. */
const fits = (value: unknown): value is string =>
  typeof value === 'string' &&
  (value.length * 3 <= LIMITS.textBytes || Buffer.byteLength(value) <= LIMITS.textBytes);

export interface TextOptions extends FieldOptions {
  /** Text has `LIMITS.textBytes` bytes of UTF-8 at the most, unless this is set. */
  readonly anyLength?: boolean;
  readonly maxChars?: number;
  readonly pattern?: RegExp;
  readonly patternMessage?: string;
  /** Texts that mean something else. */
  readonly reserved?: readonly string[];
}

export function TextField(options: TextOptions): PropertyDecorator {
  const { anyLength = false, maxChars, pattern, patternMessage, reserved } = options;
  return field(
    options,
    {
      type: String,
      ...(maxChars ? { maxLength: maxChars } : {}),
      ...(pattern ? { pattern: pattern.source } : {}),
      ...(reserved ? { not: { enum: [...reserved] } } : {}),
    },
    [
      IsString({ message: 'must be text' }),
      ...(anyLength
        ? []
        : [Check('fits', fits, `must not be longer than ${LIMITS.textBytes} bytes of UTF-8`)]),
      ...(maxChars
        ? [
            Check(
              'short',
              (v) => typeof v === 'string' && v.length <= maxChars,
              `must not be longer than ${maxChars} characters`,
            ),
          ]
        : []),
      ...(reserved ? [IsNotIn([...reserved], { message: 'must not be a reserved word' })] : []),
      ...(pattern ? [Matches(pattern, { message: patternMessage ?? `must match ${pattern.source}` })] : []),
    ],
  );
}

export interface NumberOptions extends FieldOptions {
  readonly min?: number;
  readonly max: number;
  /** The value must be greater than `min`, not equal to it. */
  readonly exclusiveMin?: boolean;
}

function bounds({
  min = 0,
  max,
  exclusiveMin = false,
}: NumberOptions): [ApiPropertyOptions, PropertyDecorator[]] {
  const lower = exclusiveMin
    ? Check('above', (v) => typeof v === 'number' && v > min, `must be greater than ${min}`)
    : Min(min, { message: `must be ${min} or more` });
  const schema = exclusiveMin ? { exclusiveMinimum: min } : { minimum: min };
  return [
    { ...schema, maximum: max } as unknown as ApiPropertyOptions,
    [lower, Max(max, { message: `must be ${max} or less` })],
  ];
}

export function NumberField(options: NumberOptions): PropertyDecorator {
  const [schema, validators] = bounds(options);
  const finite = IsNumber({ allowNaN: false, allowInfinity: false }, { message: 'must be a finite number' });
  return field(options, { ...schema, type: Number } as ApiPropertyOptions, [finite, ...validators]);
}

export function IntegerField(options: NumberOptions): PropertyDecorator {
  const [schema, validators] = bounds(options);
  return field(
    options,
    { ...schema, type: 'integer' } as ApiPropertyOptions,
    [IsInt({ message: 'must be a whole number' }), ...validators],
    asInteger,
  );
}

export function BooleanField(options: FieldOptions): PropertyDecorator {
  return field(options, { type: Boolean }, [IsBoolean({ message: 'must be true or false' })], asBoolean);
}

export function EnumField(values: readonly string[], options: FieldOptions): PropertyDecorator {
  const message = `must be one of ${values.join(', ')}`;
  return field(options, { type: String, enum: [...values] }, [IsIn([...values], { message })]);
}

export function UuidField(options: FieldOptions): PropertyDecorator {
  return field(options, { type: String, format: 'uuid' }, [
    Check('uuid', (v) => typeof v === 'string' && isUuid(v), 'must be a UUID'),
  ]);
}

/** ISO 8601; without an offset it means UTC. */
export function TimeField(options: FieldOptions): PropertyDecorator {
  return field(options, { type: String, format: 'date-time' }, [
    Check('time', (v) => typeof v === 'string' && parseTime(v) !== null, 'must be an ISO 8601 time'),
  ]);
}

const MAX_ITEMS = 1000;

export function TextListField(options: FieldOptions): PropertyDecorator {
  return field(options, { type: [String], maxItems: MAX_ITEMS }, [
    Check(
      'texts',
      (v) => !Array.isArray(v) || v.every((item) => fits(item) && item !== ''),
      `must hold only texts of 1 to ${LIMITS.textBytes} bytes of UTF-8`,
    ),
    ArrayMaxSize(MAX_ITEMS, { message: `must not hold more than ${MAX_ITEMS} items` }),
    IsArray({ message: 'must be a list of texts' }),
  ]);
}

/** A list of JSON objects, each of which its handler holds to the rules of `type`. */
export function ObjectListField(
  options: FieldOptions & { readonly max: number; readonly type: new () => object },
): PropertyDecorator {
  const { max, type } = options;
  const isObject = (item: unknown) => typeof item === 'object' && item !== null && !Array.isArray(item);
  return field(options, { type: [type], minItems: 1, maxItems: max }, [
    Check('objects', (v) => !Array.isArray(v) || v.every(isObject), 'must hold only JSON objects'),
    Check('filled', (v) => !Array.isArray(v) || v.length > 0, 'must not be empty'),
    ArrayMaxSize(max, { message: `must not hold more than ${max} items` }),
    IsArray({ message: 'must be a list of JSON objects' }),
  ]);
}

/** Any JSON object, of any size: handlers know what they can keep of it. */
export function ObjectField(options: FieldOptions): PropertyDecorator {
  return field(options, { type: 'object', additionalProperties: true }, [
    IsObject({ message: 'must be a JSON object' }),
  ]);
}
