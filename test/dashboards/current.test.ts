import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { dashboards, fileText } from '../../dashboards/src/dashboards.ts';
import { fileNames, folder } from './dashboard-files.ts';

it.each(Object.entries(dashboards))('%s is what its code makes: else run `npm run dashboards`', (name, build) => {
  expect(readFileSync(join(folder, name), 'utf8')).toBe(fileText(build()));
});

it('there is no dashboard that no code makes', () => {
  expect(fileNames().toSorted()).toEqual(Object.keys(dashboards).toSorted());
});
