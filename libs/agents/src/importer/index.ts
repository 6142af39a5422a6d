export type { ImportedAgent } from './agent-fields.js';
export { AGENT_ID_NAMESPACE, agentIdOf } from './imported-name.js';
export { type IdentityFileOptions, type IdentityFileResult, parseIdentityFile } from './identity-file.js';
export { type IdentityFolderOptions, readIdentityFolder } from './identity-folder.js';
export type { RoleFacts } from './role-derivation.js';
