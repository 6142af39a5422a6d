import { AgentDirectory } from '#kernel';

/** A registry in which no agent ever was. */
export class NoAgents extends AgentDirectory {
  resolve(): null {
    return null;
  }

  categoryOf(): null {
    return null;
  }

  catchUp(): Promise<void> {
    return Promise.resolve();
  }

  count(): number {
    return 0;
  }
}
