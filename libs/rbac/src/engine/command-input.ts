import type { Redirection, SyntaxNode } from 'unbash';
import type { ReadWord } from './command-words.js';

/** What a command reads. */
export interface Input {
  /** Null where it cannot be known. */
  readonly text: string | null;
  /** From a pipe: the text is what a program is expected to print. */
  readonly piped: boolean;
}

/** The base name of a program, lower case, without what Windows appends. */
export function programName(path: string): string {
  const base = path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1);
  return base.toLowerCase().replace(/\.(exe|com)$/, '');
}

/** Where standard input comes from; the last redirection counts. */
export function inputOf(redirects: readonly Redirection[], readWord: ReadWord): Input | undefined {
  let input: Input | undefined;
  for (const redirect of redirects) {
    if (
      redirect.descriptor &&
      !(redirect.descriptor.type === 'FileDescriptor' && redirect.descriptor.value === 0)
    )
      continue;
    if (redirect.type === 'HereDoc') input = { text: bodyOf(redirect.body), piped: false };
    else if (redirect.type === 'HereString') {
      const value = redirect.target ? readWord(redirect.target)[0]?.value : null;
      input = { text: value ?? null, piped: false };
    } else if (redirect.operator.startsWith('<')) input = { text: null, piped: false };
  }
  return input;
}

function bodyOf({
  text,
  parts,
}: {
  text: string;
  parts: readonly { type: string; value?: string }[] | undefined;
}): string | null {
  if (!parts) return text;
  return parts.every((part) => part.type === 'Literal')
    ? parts.map((part) => part.value ?? '').join('')
    : null;
}

/** What a command is seen to print: the words of `echo` and `printf`, the heredoc of `cat`; else null. */
export function printedBy(node: SyntaxNode, readWord: ReadWord): string | null {
  if (node.type !== 'Command' || !node.name) return null;
  const program = programName(node.name.value);
  if (program === 'cat' && node.args.length === 0) return inputOf(node.redirects, readWord)?.text ?? null;
  if (program !== 'echo' && program !== 'printf') return null;
  const values = node.args.flatMap((arg) =>
    arg.type === 'Word' ? readWord(arg).map(({ value }) => value) : [null],
  );
  const options = program === 'echo' ? values.findIndex((value) => !/^-[neE]+$/.test(value ?? '')) : 0;
  const printed = values.slice(Math.max(options, 0));
  return printed.includes(null) ? null : printed.join(' ').replaceAll('\\n', '\n');
}
