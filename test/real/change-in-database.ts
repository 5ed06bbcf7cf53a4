import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Changes one bit of a value wherever it stands in the database file of a member that does not run, old pages too: etcd starts with it and does not
 * know, since pages have no checksum. Gives how many times.
 */
export async function changeInDatabase(dataDir: string, value: Buffer): Promise<number> {
  const path = databaseOf(dataDir);
  const content = await readFile(path);
  const places = placesOf(content, value);
  for (const at of places) content[at] = (content[at] ?? 0) ^ 1;
  await writeFile(path, content, { flush: true });
  return places.length;
}

/** Whether etcd has written a value to its database file, which it does each 100 ms. */
export async function isInDatabase(dataDir: string, value: Buffer): Promise<boolean> {
  return placesOf(await readFile(databaseOf(dataDir)), value).length > 0;
}

function databaseOf(dataDir: string): string {
  return join(dataDir, 'member', 'snap', 'db');
}

function placesOf(content: Buffer, value: Buffer): readonly number[] {
  const places: number[] = [];
  for (let at = content.indexOf(value); at >= 0; at = content.indexOf(value, at + value.length)) places.push(at);
  return places;
}
