import type { IdentityFileResult } from './identity-file.js';

/**
 * Refuses all but one of the files with one name or one id. The first is taken, but of files with one id first those
 * that a live agent is named as: a copy with another name must not take the agent of the original.
 */
export function refuseDuplicates(
  files: readonly IdentityFileResult[],
  isLiveName: (name: string) => boolean,
): IdentityFileResult[] {
  const pathByName = new Map<string, string>();
  const pathById = new Map<string, string>();
  const take = (file: IdentityFileResult): IdentityFileResult => {
    if (file.status !== 'agent') return file;
    const { path, nameLine, idLine } = file;
    const { name, agentId } = file.agent;
    const refused = (line: number, first: string, what: string): IdentityFileResult => ({
      status: 'refused',
      path,
      line,
      reason: `duplicate of ${first}: ${what}`,
    });
    const sameName = pathByName.get(name);
    if (sameName !== undefined) return refused(nameLine, sameName, `name "${name}"`);
    const sameId = pathById.get(agentId);
    if (sameId !== undefined) return refused(idLine, sameId, `agent_id ${agentId}`);
    pathByName.set(name, path);
    pathById.set(agentId, path);
    return file;
  };
  const isNamed = (file: IdentityFileResult) => file.status === 'agent' && isLiveName(file.agent.name);
  const named = new Map(files.filter(isNamed).map((file) => [file, take(file)]));
  return files.map((file) => named.get(file) ?? take(file));
}
