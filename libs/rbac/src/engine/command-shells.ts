import { type Argument, knownArgument } from './command-words.js';
import {
  codeOf,
  commandStart,
  FROM_INPUT,
  ITSELF,
  type Options,
  type Step,
  type Unwrap,
} from './command-steps.js';

const SH: Options = { short: 'oO', long: ['--rcfile', '--init-file'] };

export const shell: Unwrap = (args, input) => {
  if (args.some(({ value }) => value === '--version' || value === '--help')) return [ITSELF];
  const bare = args.findIndex(({ value }) => value === null || !/^[-+]./.test(value));
  const given = args.find(({ value }) => value?.startsWith('--command='))?.value?.slice(10);
  if (given !== undefined) return [{ code: given }];
  let start = commandStart(args.map(plusAsMinus), SH);
  const options = args.slice(0, start).map(({ value }) => value ?? '');
  if (options.some((option) => /^-[A-Za-z]*c/.test(option) || option === '--command'))
    return [codeOf([args[start]], 'a shell')];
  if (bare >= 0 && args[bare]?.value === '-') start = Math.max(start, bare + 1);
  const script = args[start];
  if (script?.value === null) return [{ opaque: 'a shell runs what is only known later' }];
  const reads = script === undefined || /^(\/dev\/(stdin|fd\/0)|\/proc\/self\/fd\/0)$/.test(script.value);
  if (!reads && !options.some((option) => /^-[A-Za-z]*s/.test(option))) return [ITSELF];
  if (input === undefined || input.text === null) return [FROM_INPUT];
  return input.piped ? [FROM_INPUT, { code: input.text, foreign: true }] : [{ code: input.text }];
};

/** `+x` turns an option off; for finding where options end it is one like `-x`. */
function plusAsMinus(arg: Argument): Argument {
  return arg.value?.startsWith('+') ? knownArgument(`-${arg.value.slice(1)}`) : arg;
}

/** A shell of another system: all after the option is the command. */
export function foreignShell(option: RegExp): Unwrap {
  return (args, input) => {
    const at = args.findIndex(({ value }) => option.test(value ?? ''));
    if (args.some(({ value }) => /^-e(c|nc.*)?$/i.test(value ?? '')))
      return [{ opaque: 'an encoded command' }];
    if (at < 0) return [args.length === 0 || input ? FROM_INPUT : ITSELF];
    const step = codeOf(args.slice(at + 1), 'a shell');
    return ['code' in step ? { ...step, foreign: true } : step];
  };
}

/** `su -c`, `script -c`: the command is the value of an option, wherever that stands. */
export const optionalCode: Unwrap = (args, input) => {
  const at = args.findIndex(({ value }) => /^(-[A-Za-z]*c|--command)$/.test(value ?? ''));
  const attached = args.find(({ value }) => value?.startsWith('--command='));
  if (attached) return [{ code: (attached.value ?? '').slice(10) }];
  if (at >= 0) return [codeOf([args[at + 1]], 'a shell')];
  return [
    input || args.every(({ value }) => value?.startsWith('-') !== true || value === '-')
      ? FROM_INPUT
      : ITSELF,
  ];
};

export const ssh: Unwrap = (args, input) => {
  if (args.some(({ value }) => /(proxy|local)command=/i.test(value ?? '')))
    return [{ opaque: 'ssh runs a command of its own' }];
  // Options may stand behind the host too.
  const options = { short: 'BbcDEeFIiJLlmOopPQRSWw' };
  const host = commandStart(args, options);
  const rest = args.slice(host + 1);
  const command = rest.slice(commandStart(rest, options));
  if (command.length > 0) return [codeOf(command, 'ssh')];
  return input ? (input.text !== null && !input.piped ? [{ code: input.text }] : [FROM_INPUT]) : [ITSELF];
};

export const watch: Unwrap = (args) => {
  const command = args.slice(commandStart(args, { short: 'nqs', long: ['--interval', '--equexit'] }));
  return command.length > 0 ? [codeOf(command, 'watch')] : [ITSELF];
};

export const trap: Unwrap = (args) => {
  const action = args[commandStart(args, {})];
  if (action === undefined || action.value === '' || action.value === '-' || args[0]?.value === '-p')
    return [];
  return [codeOf([action], 'trap')];
};

export const evaluate: Unwrap = (args) => (args.length > 0 ? [codeOf(args, 'eval')] : []);

export const source: Unwrap = ([file]) =>
  file?.value === null || /^\/dev\/|^\/proc\//.test(file?.value ?? '')
    ? [{ opaque: 'a sourced file that is only known later' }]
    : [ITSELF];

export const alias: Unwrap = (args) =>
  args.flatMap((arg): Step[] => {
    const equals = arg.value?.indexOf('=') ?? -1;
    if (arg.value === null) return [{ opaque: 'an alias that is only known later' }];
    return equals > 0 ? [{ code: arg.value.slice(equals + 1) }] : [];
  });
