import { ContractPipe } from '#contract';
import { type FieldProblem, ValidationFailed } from '#kernel';
import type { CheckBatchRequest } from './dto/check-batch.js';
import { CheckRequest } from './dto/check.request.js';

const PIPE = new ContractPipe();

/** The checks of a batch, each held to the rules of a single one. @throws ValidationFailed naming the faults of all. */
export function checksOf({ checks }: CheckBatchRequest): CheckRequest[] {
  const problems: FieldProblem[] = [];
  const requests = checks.map((check, index) => {
    try {
      return PIPE.transform(check, { type: 'body', metatype: CheckRequest }) as CheckRequest;
    } catch (error) {
      if (!(error instanceof ValidationFailed)) throw error;
      problems.push(
        ...error.problems.map(({ path, message }) => ({ path: `checks[${index}].${path}`, message })),
      );
      return null;
    }
  });
  if (problems.length > 0) throw new ValidationFailed(problems);
  return requests.filter((request) => request !== null);
}
