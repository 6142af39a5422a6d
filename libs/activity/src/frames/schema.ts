/** As much of JSON Schema (draft 2020-12) as the data of frames and commands is described with. */
export interface Schema {
  readonly type: string | readonly string[];
  readonly description?: string;
  readonly enum?: readonly (string | null)[];
  readonly const?: string;
  readonly format?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly maxLength?: number;
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | Schema;
}

/** The schema of an object with named members; further ones may be added to it later. */
export interface ObjectSchema<M extends string = string> extends Schema {
  readonly type: 'object';
  readonly properties: Readonly<Record<M, Schema>>;
  readonly required: readonly string[];
}

export const text = (description: string): Schema => ({ type: 'string', description });
export const uuid = (description: string): Schema => ({ type: 'string', format: 'uuid', description });
export const time = (description: string): Schema => ({ type: 'string', format: 'date-time', description });
export const integer = (description: string): Schema => ({ type: 'integer', description });
export const number = (description: string): Schema => ({ type: 'number', description });
export const boolean = (description: string): Schema => ({ type: 'boolean', description });
export const oneOf = (values: readonly string[], description: string): Schema => ({
  type: 'string',
  enum: values,
  description,
});
export const listOf = (items: Schema, description: string): Schema => ({ type: 'array', items, description });
/** An object of which only the kind of its values is known. */
export const mapOf = (values: boolean | Schema, description: string): Schema => ({
  type: 'object',
  additionalProperties: values,
  description,
});

export function orNull(schema: Schema): Schema {
  const type = [schema.type, 'null'].flat();
  return schema.enum ? { ...schema, type, enum: [...schema.enum, null] } : { ...schema, type };
}

/** @param optional members that are left out where there is nothing to say. */
export function objectOf<R extends string, O extends string = never>(
  required: Readonly<Record<R, Schema>>,
  optional?: Readonly<Record<O, Schema>>,
): ObjectSchema<R | O> {
  const properties = { ...required, ...optional } as Readonly<Record<R | O, Schema>>;
  return { type: 'object', properties, required: Object.keys(required) };
}

export const described = <S extends Schema>(description: string, schema: S): S => ({
  ...schema,
  description,
});
