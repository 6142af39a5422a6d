import { expect } from '@jest/globals';
import type { Answer, TestService } from './service.js';

export const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
/** ISO 8601 UTC with milliseconds. */
export const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/;

/** Whom the log names when RBAC is off. */
export const LOCAL = { id: 'local', kind: 'anonymous', role: 'admin' };

/** The answer is the problem that the contract documents, and names each of `paths`. */
export function expectProblem(answer: Answer, status: number, code: string, ...paths: string[]): void {
  expect({ status: answer.status, code: answer.body?.code }).toEqual({ status, code });
  expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  expect(answer.body).toEqual({
    type: expect.any(String),
    title: expect.any(String),
    status,
    detail: expect.stringMatching(/\S/),
    instance: expect.any(String),
    code,
    errors: expect.any(Array),
    trace_id: answer.headers.get('x-request-id'),
  });
  const refused = answer.body.errors.map((error: { path: string }) => error.path);
  for (const path of paths) expect(refused).toContain(path);
  for (const error of answer.body.errors)
    expect(error).toEqual({ path: expect.any(String), message: expect.stringMatching(/./) });
}

/** The newest entries of the log, newest first. */
export async function newestEntries(service: TestService, limit = 1): Promise<Answer['body']> {
  return (await service.request('GET', `/events/audit?limit=${limit}`)).body;
}

/** How long the log is. */
export async function logSize(service: TestService): Promise<number> {
  const [entry] = await newestEntries(service);
  return entry?.seq ?? 0;
}

/** Everything that a client can see of what is stored, for comparing before and after. */
export async function visibleState(service: TestService): Promise<unknown> {
  const paths = [
    '/agents?limit=500',
    '/metrics?limit=1000',
    '/events/audit/stats',
    '/metrics/resources/usage',
  ];
  const answers = await Promise.all(paths.map((path) => service.request('GET', path)));
  return [await logSize(service), ...answers.map((answer) => answer.body)];
}
