import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { dashboards, fileText } from './dashboards.ts';

// What `npm run dashboards` runs: writes every dashboard beside this folder.
const folder = join(import.meta.dirname, '..');
await Promise.all(Object.entries(dashboards).map(([name, build]) => writeFile(join(folder, name), fileText(build()))));
