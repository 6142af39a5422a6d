import { forEachChild, type Function as ShellFunction, type SyntaxNode } from 'unbash';

/** Whether a function starts itself twice at once: `:(){ :|:& }`, `f(){ f & f & }`. */
export function isForkBomb({ name, body }: ShellFunction): boolean {
  return startsTwice(body, name.value);
}

function startsTwice(node: SyntaxNode, name: string): boolean {
  const calls = (child: SyntaxNode): boolean => child.type === 'Command' && child.name?.value === name;
  if (node.type === 'Pipeline' && node.commands.filter(calls).length > 1) return true;
  if (node.type === 'Statement' && node.background && calls(node.command)) return true;
  // A word holds scripts of its own, which are parsed on access; a bomb needs none.
  if (node.type === 'Word') return false;
  let found = false;
  forEachChild(node, (child) => {
    found ||= startsTwice(child, name);
  });
  return found;
}
