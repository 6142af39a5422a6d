import { getMetadataStorage, ValidationTypes, type ValidatorConstraintInterface } from 'class-validator';
import type { FieldProblem } from '#kernel';

type RequestClass = new () => object;
type Members = Readonly<Record<string, unknown>>;
type Metadata = ReturnType<ReturnType<typeof getMetadataStorage>['getTargetValidationMetadatas']>[number];
type Arguments = Parameters<ValidatorConstraintInterface['validate']>[1];

interface Check {
  readonly constraint: ValidatorConstraintInterface;
  readonly args: Arguments;
  readonly message: string;
}

/** The rules of one member. */
interface FieldChecks {
  readonly property: string;
  /** The member is judged where all of them hold. */
  readonly conditions: readonly ((request: object, value: unknown) => boolean)[];
  /** In the order in which they are asked; the first that does not hold is told. */
  readonly checks: readonly Check[];
}

const compiled = new WeakMap<RequestClass, readonly FieldChecks[]>();

/**
 * What class-validator finds wrong with a request, from the same decorators, without its search for them on every call.
 * @returns one problem a member at the most, in the order in which the members are declared.
 */
export function findProblems(request: object): FieldProblem[] {
  const problems: FieldProblem[] = [];
  for (const { property, conditions, checks } of checksOf(request.constructor as RequestClass)) {
    const value = (request as Members)[property];
    if (!conditions.every((holds) => holds(request, value))) continue;
    const failed = checks.find(({ constraint, args }) => constraint.validate(value, args) !== true);
    if (failed) problems.push({ path: property, message: failed.message });
  }
  return problems;
}

/** @throws Error for a decorator of a kind that is not compiled. */
function checksOf(type: RequestClass): readonly FieldChecks[] {
  let checks = compiled.get(type);
  if (!checks) compiled.set(type, (checks = compile(type)));
  return checks;
}

function compile(type: RequestClass): FieldChecks[] {
  const all = getMetadataStorage().getTargetValidationMetadatas(type, '', false, false);
  const properties = [...new Set(all.map(({ propertyName }) => propertyName))];
  return properties.map((property) => {
    const own = all.filter(({ propertyName }) => propertyName === property);
    const of = (kind: string) => own.filter((metadata) => metadata.type === kind);
    const defined = of(ValidationTypes.IS_DEFINED);
    const others = of(ValidationTypes.CUSTOM_VALIDATION);
    const conditions = of(ValidationTypes.CONDITIONAL_VALIDATION);
    if (defined.length + others.length + conditions.length !== own.length)
      throw new Error(`${type.name}.${property} has a rule that is not compiled`);
    return {
      property,
      conditions: conditions.map(({ constraints: [holds] }) => holds as FieldChecks['conditions'][number]),
      checks: [...defined, ...others].flatMap((metadata) => toChecks(type, metadata)),
    };
  });
}

function toChecks(type: RequestClass, metadata: Metadata): Check[] {
  const { constraintCls, constraints, each, validateIf, propertyName: property } = metadata;
  // Undefined where the rule leaves it to its validator, whatever the type says.
  const message = metadata.message as Metadata['message'] | undefined;
  if (each || validateIf || (message !== undefined && typeof message !== 'string'))
    throw new Error(`${type.name}.${property} has a rule that is not compiled`);
  // What every validator here asks for is its constraints; the value comes beside them.
  const args = { constraints, property, targetName: type.name, value: undefined, object: {} } as Arguments;
  return getMetadataStorage()
    .getTargetValidatorConstraints(constraintCls)
    .map(({ instance }) => ({
      constraint: instance,
      args,
      message: message ?? instance.defaultMessage?.(args) ?? 'is not valid',
    }));
}
