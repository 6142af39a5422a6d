import type { Policy } from './policy.js';

/** The policy that decides now. A reload puts another in its place, between two decisions. */
export class PolicyInForce {
  private readonly listeners = new Set<() => void>();

  constructor(private policy: Policy) {}

  get current(): Policy {
    return this.policy;
  }

  put(policy: Policy): void {
    this.policy = policy;
    for (const listener of this.listeners) listener();
  }

  /** Calls `listener` after each change. @returns how to end that. */
  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
}
