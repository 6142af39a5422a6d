import type { Input } from './command-input.js';
import type { Argument } from './command-words.js';
import { codeOf, ITSELF, type Step, type Unwrap } from './command-steps.js';

/** Settings of git that are commands. */
const GIT_COMMAND =
  /^(core\.(sshcommand|pager|editor|fsmonitor|askpass|gitproxy)|pager\.|sequence\.editor|.*(command|helper|textconv|\.cmd|\.driver|\.smudge|\.clean|\.process)$)/i;

export const git: Unwrap = function* (args) {
  yield ITSELF;
  for (const [at, { value }] of args.entries()) {
    const setting = args[at + 1];
    if (value === '-c' && setting) yield* gitSetting(setting.value);
    else if (value?.startsWith('--config-env'))
      yield { opaque: 'git is given settings that are only known later' };
    else if (value === '--exec' || (value === '-x' && args[0]?.value === 'rebase'))
      yield codeOf([setting], 'git');
    else if (value?.startsWith('--exec=')) yield { code: value.slice(7) };
    else if (value === 'foreach' && args[at - 1]?.value === 'submodule')
      yield codeOf(
        args.slice(at + 1).filter(({ value: v }) => v === null || !v.startsWith('--')),
        'git',
      );
    else if (value === 'run' && args[at - 1]?.value === 'bisect') yield { run: args.slice(at + 1) };
  }
};

function gitSetting(setting: string | null): Step[] {
  if (setting === null) return [{ opaque: 'git is given settings that are only known later' }];
  const [key = '', ...value] = setting.split('=');
  if (/^(alias\.|include|core\.hookspath$)/i.test(key))
    return [{ opaque: 'git is given an alias, hooks or a file of settings' }];
  return GIT_COMMAND.test(key) && value.length > 0 ? [{ code: value.join('=') }] : [];
}

/** Programs that run code given to them, and the option that gives it. */
const INTERPRETERS: readonly (readonly [RegExp, RegExp])[] = [
  [/^(python|pypy)[\d.]*$/, /^-[A-Za-z]*c/],
  [/^(node|nodejs|deno|bun|tsx|ts-node)$/, /^(-[a-z]*[ep]|--eval(=.*)?|--print(=.*)?|eval)$/],
  [/^perl[\d.]*$/, /^-[A-Za-z0-9]*[eE]/],
  [/^j?ruby[\d.]*$/, /^-[a-z]*e/],
  [/^php[\d.]*$/, /^-[rBRE]/],
  [/^(lua[\d.]*|luajit|julia|rscript|osascript|elixir|groovy|scala)$/, /^(-[eE]|--eval(=.*)?)$/],
  [/^(g|m|n)?awk$/, /system\s*\(|\||getline/],
];

const INTERPRETER = new RegExp(INTERPRETERS.map(([names]) => names.source).join('|'));

/** What an interpreter does with its arguments; null for other programs. */
export function interpreterSteps(
  program: string,
  args: readonly Argument[],
  input: Input | undefined,
): readonly Step[] | null {
  if (!INTERPRETER.test(program)) return null;
  const code = INTERPRETERS.find(([names]) => names.test(program))?.[1];
  return code ? interpreterOf(code, args, input) : null;
}

function interpreterOf(code: RegExp, args: readonly Argument[], input: Input | undefined): Step[] {
  if (args.slice(0, scriptEnd(args)).some(({ value }) => code.test(value ?? '')))
    return [ITSELF, { interpreted: true }];
  const reads = args.every(({ value }) => value === '-');
  if (!reads && (input === undefined || args.some(({ value }) => !value?.startsWith('-') || value === '-m')))
    return [ITSELF];
  if (input === undefined || input.text === null || input.piped) {
    return [ITSELF, { opaque: 'an interpreter that reads what is not in the command' }];
  }
  return [ITSELF, { interpreted: true }];
}

/** Options of interpreters that take a value in the next word. */
const VALUED = /^(-[rWXIvF]|--require|--import|--loader)$/;

/** Where the arguments of the script begin: those are not the interpreter's. */
function scriptEnd(args: readonly Argument[]): number {
  for (let at = 0; at < args.length; at++) {
    const value = args[at]?.value;
    if (value === '-m' || !value?.startsWith('-')) return at + 1;
    if (VALUED.test(value)) at++;
  }
  return args.length;
}
