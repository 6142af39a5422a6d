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

const fits = (bytes: number) => (value: unknown) =>
  typeof value === 'string' && (value.length * 3 <= bytes || Buffer.byteLength(value) <= bytes);

export interface TextOptions extends FieldOptions {
  /** UTF-8 bytes; `LIMITS.textBytes` unless told. Null for no limit of its own. */
  readonly maxBytes?: number | null;
  readonly maxChars?: number;
  readonly pattern?: RegExp;
  readonly patternMessage?: string;
  /** Texts that mean something else. */
  readonly reserved?: readonly string[];
}

export function TextField(options: TextOptions): PropertyDecorator {
  const { maxBytes = LIMITS.textBytes, maxChars, pattern, patternMessage, reserved } = options;
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
      ...(maxBytes === null
        ? []
        : [Check('fits', fits(maxBytes), `must not be longer than ${maxBytes} bytes of UTF-8`)]),
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

export interface TextListOptions extends FieldOptions {
  readonly maxItems?: number;
  readonly maxItemBytes?: number;
}

export function TextListField(options: TextListOptions): PropertyDecorator {
  const { maxItems = 1000, maxItemBytes = LIMITS.textBytes } = options;
  return field(options, { type: [String], maxItems }, [
    Check(
      'texts',
      (v) => !Array.isArray(v) || v.every((item) => fits(maxItemBytes)(item) && item !== ''),
      `must hold only texts of 1 to ${maxItemBytes} bytes of UTF-8`,
    ),
    ArrayMaxSize(maxItems, { message: `must not hold more than ${maxItems} items` }),
    IsArray({ message: 'must be a list of texts' }),
  ]);
}

export interface ObjectOptions extends FieldOptions {
  /** UTF-8 bytes as JSON; null for no limit of its own. */
  readonly maxBytes?: number | null;
}

/** Any JSON object. */
export function ObjectField(options: ObjectOptions): PropertyDecorator {
  const { maxBytes = LIMITS.longTextBytes } = options;
  return field(options, { type: 'object', additionalProperties: true }, [
    ...(maxBytes === null
      ? []
      : [
          Check(
            'fits',
            (v) => fits(maxBytes)(JSON.stringify(v)),
            `must not be larger than ${maxBytes} bytes as JSON`,
          ),
        ]),
    IsObject({ message: 'must be a JSON object' }),
  ]);
}
