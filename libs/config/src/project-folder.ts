import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const PACKAGE_NAME = 'agent-reality-map';

interface ProjectFolder {
  readonly path: string;
  readonly version: string;
}

/** The folder of this package, which lies above the sources and above the build alike. */
function findProject(): ProjectFolder {
  let folder = dirname(fileURLToPath(import.meta.url));
  for (;;) {
    const found = readPackage(folder);
    if (found) return found;
    const parent = dirname(folder);
    if (parent === folder)
      throw new Error(`${PACKAGE_NAME} is not installed in one piece: its package.json is missing`);
    folder = parent;
  }
}

function readPackage(path: string): ProjectFolder | null {
  try {
    const { name, version = '' } = JSON.parse(readFileSync(join(path, 'package.json'), 'utf8')) as Record<
      string,
      string
    >;
    return name === PACKAGE_NAME ? { path, version } : null;
  } catch {
    return null;
  }
}

const project = findProject();

export const SERVICE_NAME = PACKAGE_NAME;
export const SERVICE_VERSION = project.version;
/** The identity files and policy that come with this package. */
export const DATA_FOLDER = join(project.path, 'data');
