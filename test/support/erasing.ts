import { newId } from '#kernel';
import { aKey, register, type TestKey } from './access-calls.js';
import type { Answer, TestService } from './service.js';

export const WHY = { reason: 'request 17 of a data subject' };

/** A person who erases texts, and entries with texts to erase. */
export class Erasing {
  private constructor(
    private readonly service: TestService,
    readonly person: TestKey,
    /** Of the agent `coder`, whose entries they are. */
    readonly agentKey: string,
  ) {}

  static async in(service: TestService): Promise<Erasing> {
    const person = await aKey(service, 'admin', undefined, { kind: 'human' });
    const coder = await register(service, 'coder');
    return new Erasing(service, person, (await aKey(service, 'developer', coder)).secret);
  }

  erase(
    id: string,
    body: unknown = WHY,
    key = this.person.secret,
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    return this.service.request('POST', `/audit/entries/${id}/erase`, body, { key, headers });
  }

  async anEntry(changes: Record<string, unknown> = {}): Promise<Answer['body']> {
    const { body } = await this.service.request('POST', '/events/ingest', {
      ...{ agent_id: 'coder', operation_type: 'tool_use', operation_detail: 'Bash secretword' },
      ...{ target_resource: 'a.ts', rbac_reason: 'because' },
      ...{ context: { note: 'text', tool_use_id: newId() }, ...changes },
    });
    return body;
  }

  async listed(id: string): Promise<Answer['body']> {
    const { body } = await this.service.request('GET', '/events/audit?limit=500');
    return body.find((entry: Answer['body']) => entry.audit_id === id);
  }
}
