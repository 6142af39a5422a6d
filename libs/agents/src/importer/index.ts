export type { IdentityFileResult } from './identity-file.js';
export { readIdentityFolder } from './identity-folder.js';
export { type FileReport, type ImportPlan, planImport, type PlanOptions } from './import-plan.js';
export type { RoleFacts } from './role-derivation.js';
