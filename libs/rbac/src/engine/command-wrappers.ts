import {
  codeOf,
  commandStart,
  FROM_INPUT,
  ITSELF,
  type Options,
  quoted,
  type Step,
  type Unwrap,
} from './command-steps.js';
import type { Input } from './command-input.js';
import {
  alias,
  evaluate,
  foreignShell,
  optionalCode,
  shell,
  source,
  ssh,
  trap,
  watch,
} from './command-shells.js';
import { git, interpreterSteps } from './command-interpreters.js';
import { type Argument, knownArgument, unknownArgument } from './command-words.js';

/** What running `program` with `args` amounts to; most programs are just themselves. */
export function stepsOf(
  program: string,
  args: readonly Argument[],
  input: Input | undefined,
): Iterable<Step> {
  const unwrap = UNWRAP.get(program);
  if (unwrap) return unwrap(args, input);
  return interpreterSteps(program, args, input) ?? [ITSELF];
}

function prefix(options: Options): Unwrap {
  return (args) => {
    const command = args.slice(commandStart(args, options));
    return command.length > 0 ? [{ run: command }] : [ITSELF];
  };
}

/** Like {@link prefix}; without a command, `-s` and `-i` start a shell. */
function privileged(options: Options): Unwrap {
  return (args) => {
    const command = args.slice(commandStart(args, options));
    if (command.length > 0) return [{ run: command }];
    return [
      args.some(({ value }) => /^(-[A-Za-z]*[si]|--shell|--login)$/.test(value ?? '')) ? FROM_INPUT : ITSELF,
    ];
  };
}

const ENV: Options = { short: 'uCa', long: ['--unset', '--chdir', '--argv0'], assignments: true };

const env: Unwrap = (args) => {
  const at = args.findIndex(({ value }) => /^(-[iv0]*S|--split-string(=|$))/.test(value ?? ''));
  const start = commandStart(args, ENV);
  if (at < 0 || at >= start) return prefix(ENV)(args, undefined);
  const attached = (args[at]?.value ?? '').replace(/^(-[iv0]*S|--split-string=?)/, '');
  const rest = args.slice(at + (attached === '' ? 2 : 1));
  const split = attached === '' ? args[at + 1] : knownArgument(attached);
  return [codeOf([split, ...rest.map(quoted)], 'env -S')];
};

const lookup: Unwrap = (args) =>
  args.slice(0, commandStart(args, {})).some(({ value }) => /^-[pvV]*[vV]/.test(value ?? ''))
    ? [ITSELF]
    : prefix({})(args, undefined);

const XARGS: Options = {
  short: 'adEILnPs',
  long: ['--arg-file', '--delimiter', '--max-args', '--max-procs', '--max-chars', '--process-slot-var'],
};

const xargs: Unwrap = (args) => {
  const start = commandStart(args, XARGS);
  const command = args.slice(start);
  if (command.length === 0) return [ITSELF];
  const replacing = /^(-[A-Za-z0-9]*[Ii]|--replace)/;
  const replace = args.slice(0, start).some(({ value }) => replacing.test(value ?? ''));
  if (!replace) return [{ run: [...command, unknownArgument(true)] }];
  return [{ run: fillIn(command) }];
};

/** Where a name of the pattern's place is put in, the argument is unknown. */
function fillIn(command: readonly Argument[]): Argument[] {
  return command.map((arg) =>
    arg.pieces.some((piece) => /[{}%]/.test(piece)) ? unknownArgument(false) : arg,
  );
}

const find: Unwrap = (args) => {
  const steps: Step[] = [ITSELF];
  for (let at = 0; at < args.length; at++) {
    if (!/^-(exec|ok)(dir)?$/.test(args[at]?.value ?? '')) continue;
    const from = at + 1;
    at = from;
    while (
      at < args.length &&
      args[at]?.value !== ';' &&
      !(args[at]?.value === '+' && args[at - 1]?.value === '{}')
    )
      at++;
    steps.push({ run: fillIn(args.slice(from, at)) });
  }
  return steps;
};

const parallel: Unwrap = (args) => {
  const start = commandStart(args, {
    short: 'jaNnLlPsSIC',
    long: ['--jobs', '--arg-file', '--colsep', '--delay'],
  });
  const end = args.findIndex(({ value }) => /^:::?[:+]*$/.test(value ?? ''));
  const command = args.slice(start, end < 0 ? undefined : end);
  if (command.length === 0) return [{ opaque: 'parallel runs commands that it reads' }];
  // A template is one text for a shell; without a place in it the arguments come last.
  const placed = command.some(({ pieces }) => pieces.some((piece) => piece.includes('{')));
  if (command.length === 1)
    return [placed ? { opaque: 'parallel fills in a template' } : codeOf(command, 'parallel', ' "$@"')];
  return [{ run: placed ? fillIn(command) : [...command, unknownArgument(true)] }];
};

const runuser: Unwrap = (args, input) =>
  args.some(({ value }) => value === '-u' || value?.startsWith('--user'))
    ? prefix({ short: 'ugGw', long: ['--user', '--group', '--supp-group'] })(args, input)
    : optionalCode(args, input);

const flock: Unwrap = (args) => {
  const command = args.slice(commandStart(args, { short: 'wE', long: ['--timeout', '--wait'], operands: 1 }));
  if (command[0]?.value === '-c') return [codeOf([command[1]], 'a shell')];
  return command.length > 0 ? [{ run: command }] : [ITSELF];
};

const SUDO: Options = {
  short: 'CDghpRrTtUu',
  long: ['--chdir', '--chroot', '--close-from', '--command-timeout', '--group', '--host'].concat([
    '--other-user',
    '--prompt',
    '--role',
    '--type',
    '--user',
  ]),
  assignments: true,
};

const UNWRAP: ReadonlyMap<string, Unwrap> = new Map<string, Unwrap>([
  ['sudo', privileged(SUDO)],
  ['doas', privileged({ short: 'Cu', assignments: true })],
  ['pkexec', prefix({ long: ['--user'] })],
  ['gosu', prefix({ operands: 1 })],
  ['env', env],
  ['command', lookup],
  ['exec', prefix({ short: 'a' })],
  ['nice', prefix({ short: 'n', long: ['--adjustment'] })],
  ['ionice', prefix({ short: 'cnpPut', long: ['--class', '--classdata', '--pid'] })],
  ['timeout', prefix({ short: 'ks', long: ['--kill-after', '--signal'], operands: 1 })],
  ['gtimeout', prefix({ short: 'ks', long: ['--kill-after', '--signal'], operands: 1 })],
  ['time', prefix({ short: 'fo', long: ['--format', '--output'], assignments: true })],
  ['stdbuf', prefix({ short: 'ioe', long: ['--input', '--output', '--error'] })],
  ['chroot', prefix({ operands: 1 })],
  ['taskset', prefix({ operands: 1 })],
  ['strace', prefix({ short: 'abeEIoOPpsSuUX' })],
  ['unshare', prefix({ short: 'RSGw' })],
  ['systemd-run', prefix({ short: 'puEHM', long: ['--unit', '--property', '--slice', '--uid', '--gid'] })],
  ['flock', flock],
  ['xargs', xargs],
  ['find', find],
  ['parallel', parallel],
  ['su', optionalCode],
  ['script', optionalCode],
  ['runuser', runuser],
  ['ssh', ssh],
  ['watch', watch],
  ['trap', trap],
  ['eval', evaluate],
  ['source', source],
  ['.', source],
  ['alias', alias],
  ['git', git],
  ['cmd', foreignShell(/^\/[ck]$/i)],
  ['powershell', foreignShell(/^-c(ommand)?$/i)],
  ['pwsh', foreignShell(/^-c(ommand)?$/i)],
  ...[
    'builtin',
    'nohup',
    'setsid',
    'busybox',
    'toybox',
    'caffeinate',
    'fakeroot',
    'unbuffer',
    'xvfb-run',
    'winpty',
  ].map((name): [string, Unwrap] => [name, prefix({})]),
  ...['sh', 'bash', 'dash', 'zsh', 'ksh', 'mksh', 'ash', 'fish', 'csh', 'tcsh', 'rbash'].map(
    (name): [string, Unwrap] => [name, shell],
  ),
]);
