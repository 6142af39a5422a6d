/** What a request class does with members that it does not declare. */
export type UnknownMembers = 'reject' | 'keep' | 'ignore';

/** What the pipe needs to know of a request class beside its validators. */
export interface RequestRules {
  readonly fields: ReadonlySet<string>;
  /** Fields for which null is a value of its own and not absence. */
  readonly nullable: ReadonlySet<string>;
  readonly unknown: UnknownMembers;
  /** True where NUL and lone surrogates are the handler's to mend instead of a reason to refuse. */
  readonly lenientText: boolean;
}

const FIELDS = Symbol('contract:fields');
const NULLABLE = Symbol('contract:nullable');
const UNKNOWN = Symbol('contract:unknown');
const LENIENT = Symbol('contract:lenient-text');
const cache = new WeakMap<object, RequestRules>();

type Constructor = abstract new (...args: never[]) => object;

function addTo(symbol: symbol, prototype: object, property: string): void {
  const inherited = (Reflect.getMetadata(symbol, prototype) as string[] | undefined) ?? [];
  Reflect.defineMetadata(symbol, [...inherited, property], prototype);
}

/** Notes that `property` belongs to the request. */
export function declareField(prototype: object, property: string, nullable: boolean): void {
  addTo(FIELDS, prototype, property);
  if (nullable) addTo(NULLABLE, prototype, property);
}

/** Says what happens to members that a request does not declare; without it they are ignored. */
export function UnknownFields(unknown: UnknownMembers): ClassDecorator {
  return (target) => Reflect.defineMetadata(UNKNOWN, unknown, target.prototype as object);
}

/** Marks a request whose handler replaces what cannot be stored instead of refusing it. */
export function LenientText(): ClassDecorator {
  return (target) => Reflect.defineMetadata(LENIENT, true, target.prototype as object);
}

/** The rules of a request class, its base classes included. */
export function rulesOf(type: Constructor): RequestRules {
  let rules = cache.get(type);
  if (!rules) {
    const prototype = type.prototype as object;
    const read = (symbol: symbol) => Reflect.getMetadata(symbol, prototype) as unknown;
    rules = {
      fields: new Set((read(FIELDS) as string[] | undefined) ?? []),
      nullable: new Set((read(NULLABLE) as string[] | undefined) ?? []),
      unknown: (read(UNKNOWN) as UnknownMembers | undefined) ?? 'ignore',
      lenientText: read(LENIENT) === true,
    };
    cache.set(type, rules);
  }
  return rules;
}
