import { type ArgumentMetadata, Injectable, type PipeTransform } from '@nestjs/common';
import { plainToInstance } from 'class-transformer';
import { type FieldProblem, findUnstorable, ValidationFailed } from '#kernel';
import { findProblems } from './compiled-checks.js';
import { type RequestRules, rulesOf } from './field-rules.js';

type RequestClass = new () => object;
type Members = Record<string, unknown>;

const NATIVE: readonly unknown[] = [String, Number, Boolean, Array, Object];

/** Where a request that keeps unknown members finds them. */
export interface WithExtra {
  extra?: Members;
}

/**
 * Builds and checks the request objects of handlers. Null and an empty query value mean absent; members that a
 * request does not declare are refused, kept in `extra` or left out, as its class says.
 */
@Injectable()
export class ContractPipe implements PipeTransform {
  transform(value: unknown, metadata: ArgumentMetadata): unknown {
    const type = metadata.metatype as RequestClass | undefined;
    if (!type || NATIVE.includes(type)) return value;
    if (metadata.type === 'query') return this.query(value as Members, type);
    if (metadata.type === 'body') return this.body(value, type);
    return value;
  }

  private query(value: Members, type: RequestClass): object {
    const rules = rulesOf(type);
    const given = Object.fromEntries(
      Object.entries(value).filter(([name, text]) => rules.fields.has(name) && text !== ''),
    );
    return this.checked(plainToInstance(type, given), given, rules, []);
  }

  private body(value: unknown, type: RequestClass): object {
    if (value === null || typeof value !== 'object' || Array.isArray(value)) {
      throw new ValidationFailed([{ path: 'body', message: 'must be a JSON object' }]);
    }
    const rules = rulesOf(type);
    const request = new type() as Members;
    const problems: FieldProblem[] = [];
    let extra: Members | undefined;
    for (const name of Object.keys(value)) {
      const member = (value as Members)[name];
      if (rules.fields.has(name)) {
        if (member !== null || rules.nullable.has(name)) request[name] = member;
      } else if (rules.unknown === 'reject') {
        problems.push({ path: name.slice(0, 100), message: 'is not a known field' });
      } else if (rules.unknown === 'keep') {
        // A null prototype makes `__proto__` a member like any other.
        (extra ??= Object.create(null) as Members)[name] = member;
      }
    }
    if (extra) (request as WithExtra).extra = extra;
    return this.checked(request, value, rules, problems);
  }

  private checked(request: object, given: object, rules: RequestRules, problems: FieldProblem[]): object {
    const unstorable = rules.lenientText ? null : findUnstorable(given);
    // Validators recurse, so they see nothing that nests too deep.
    if (unstorable) throw new ValidationFailed([...problems, unstorable]);
    problems.push(...findProblems(request));
    if (problems.length > 0) throw new ValidationFailed(problems);
    return request;
  }
}
