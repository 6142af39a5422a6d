import { LIMITS } from '../limits.js';
import { compileLinear } from './linear-pattern.js';
import { type MaskedKinds, REDACTED } from './masked.js';
import { Members } from './members.js';
import { PEM_BEGIN, withoutPrivateKeys } from './private-keys.js';

/** Under which kind the value of a member such as `password` is told. */
export const NAMED_SECRET = 'named_secret';
/** Shorter texts hold nothing that could be known as a secret. */
const SHORTEST = 8;
/** A text that new finds keep turning up in is masked whole. */
const MAX_PASSES = 8;
/** Names whose nature is remembered; clients use few. */
const REMEMBERED_NAMES = 4_096;
const LONGEST_NAME = 64;

/** How one kind of secret looks. */
export interface SecretForm {
  readonly kind: string;
  /** Of the form that {@link compileLinear} takes; its group, if it has one, is the secret, else all of it. */
  readonly pattern: string;
  readonly ignoreCase?: boolean;
  /** A word that the text has somewhere before it. */
  readonly behind?: string;
  /**
   * What each text with such a secret has, and few others: one of these signs, and a match of this expression. Without
   * it each text is searched.
   */
  readonly hint?: { readonly signs: string; readonly like: string };
}

interface NameNature {
  /** Whether the texts of members of this name are secrets. */
  readonly namesSecret: boolean;
  /** Whether it holds none itself. */
  readonly isClean: boolean;
}

interface Compiled {
  readonly kind: string;
  readonly pattern: RegExp;
  readonly behind: string;
}

/** Replaces what looks like a secret. What is not known as one stays: it is a net, not a wall. */
export class Redactor {
  private readonly forms: readonly Compiled[];
  /** By sign, what a secret with it would have. Looking for a sign is many times faster than any pattern. */
  private readonly hints: readonly (readonly [sign: string, like: RegExp])[];
  private readonly searched: readonly RegExp[];
  private readonly secretNames: ReadonlySet<string>;
  private readonly knownNames = new Map<string, NameNature>();

  /**
   * @param names of members whose texts are secrets, whatever they look like; case, `-` and `_` do not count.
   * @throws SyntaxError for a pattern that is not of the linear form.
   */
  constructor(forms: readonly SecretForm[], names: readonly string[]) {
    this.forms = forms.map(({ kind, pattern, ignoreCase, behind = '' }) => ({
      ...{ kind, behind },
      pattern: compileLinear(pattern, ignoreCase),
    }));
    this.hints = forms.length === 0 ? [] : hintsOf(forms);
    this.searched = forms.flatMap(({ hint, pattern, ignoreCase }) =>
      hint === undefined ? new RegExp(pattern, ignoreCase ? 'i' : '') : [],
    );
    this.secretNames = new Set(names.map(normalized));
  }

  /** `text` without its secrets; the text itself where it holds none. */
  text(text: string, masked?: MaskedKinds): string {
    if (text.length < SHORTEST || !this.mayHoldSecrets(text)) return text;
    let result = text;
    for (let pass = 0; pass < MAX_PASSES; pass += 1) {
      // What was beside a secret may look like one now, so that the last pass is one that found nothing.
      const next = this.pass(result, masked);
      if (next === result) return result === text ? text : result.toWellFormed();
      result = next;
    }
    return REDACTED;
  }

  /** A JSON value without the secrets in its texts, member names included; what nests too deep becomes null. */
  value(value: unknown, masked?: MaskedKinds, isSecret = false, depth = 0): unknown {
    if (typeof value === 'string') return isSecret ? this.whole(value, masked) : this.text(value, masked);
    if (value === null || typeof value !== 'object') return value;
    if (depth > LIMITS.depth) return null;
    if (Array.isArray(value)) return value.map((item) => this.value(item, masked, isSecret, depth + 1));
    const members = new Members();
    for (const name of Object.keys(value)) {
      const member = (value as Record<string, unknown>)[name];
      const secret = isSecret || this.isSecretName(name);
      members.set(this.name(name, masked), this.value(member, masked, secret, depth + 1));
    }
    return members.object;
  }

  /** Masks a text that is a secret because of where it stands. */
  whole(text: string, masked?: MaskedKinds): string {
    if (text === '' || text === REDACTED || this.secretNames.size === 0) return text;
    masked?.add(NAMED_SECRET);
    return REDACTED;
  }

  /** Whether the texts of a member of this name are secrets. */
  isSecretName(name: string): boolean {
    return this.natureOf(name).namesSecret;
  }

  /** The name of a member without secrets. */
  name(name: string, masked?: MaskedKinds): string {
    return this.natureOf(name).isClean ? name : this.text(name, masked);
  }

  private natureOf(name: string): NameNature {
    const known = this.knownNames.get(name);
    if (known) return known;
    if (name.length > LONGEST_NAME) return { namesSecret: false, isClean: false };
    const nature = { namesSecret: this.secretNames.has(normalized(name)), isClean: this.text(name) === name };
    if (this.knownNames.size >= REMEMBERED_NAMES) this.knownNames.clear();
    // What holds a secret is not kept here either.
    if (nature.isClean) this.knownNames.set(name, nature);
    return nature;
  }

  private mayHoldSecrets(text: string): boolean {
    for (const [sign, like] of this.hints) if (text.includes(sign) && like.test(text)) return true;
    return this.searched.some((pattern) => pattern.test(text));
  }

  private pass(text: string, masked: MaskedKinds | undefined): string {
    let result = withoutPrivateKeys(text, masked);
    for (const form of this.forms) result = replaced(result, form, masked);
    return result;
  }
}

function replaced(text: string, form: Compiled, masked: MaskedKinds | undefined): string {
  const { kind, pattern, behind } = form;
  const start = text.indexOf(behind);
  if (start < 0) return text;
  let [result, from] = ['', 0];
  pattern.lastIndex = start;
  for (let match = pattern.exec(text); match; match = pattern.exec(text)) {
    const [begin, end] = match.indices?.[1] ?? match.indices?.[0] ?? [0, 0];
    if (isNoSecret(text.slice(begin, end))) continue;
    result += text.slice(from, begin) + REDACTED;
    from = end;
    masked?.add(kind);
  }
  pattern.lastIndex = 0;
  return from === 0 ? text : result + text.slice(from);
}

/** What stands in programs, messages and templates where a secret could stand. */
const NO_SECRET =
  /^(?:\[redacted\]|string|number|boolean|unknown|undefined|null|none|true|false|must|required|optional|missing|invalid|\$\{\{?[\w.]{1,64}\}{0,2}|\$[A-Z_][A-Z0-9_]{0,63}|process\.env[\w.]{0,64})[?;)\]}\\]{0,3}$/;

function isNoSecret(text: string): boolean {
  return text.length <= 128 && NO_SECRET.test(text);
}

function hintsOf(forms: readonly SecretForm[]): [sign: string, like: RegExp][] {
  const bySign = new Map([['-', new Set([PEM_BEGIN])]]);
  for (const { hint } of forms)
    for (const sign of hint?.signs ?? []) {
      const likes = bySign.get(sign) ?? new Set();
      if (hint) bySign.set(sign, likes.add(hint.like));
    }
  return [...bySign].map(([sign, likes]) => [sign, new RegExp([...likes].join('|'))]);
}

function normalized(name: string): string {
  return name.toLowerCase().replaceAll(/[-_]/g, '');
}

/** For texts that are kept as they are. */
export const NO_REDACTION = new Redactor([], []);
