import { readFileSync } from 'node:fs';

/** The package's version, from its package.json, which stands above `src/` and above `dist/` alike. */
export function agentVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  if (typeof manifest === 'object' && manifest !== null && 'version' in manifest) {
    return String(manifest.version);
  }
  throw new Error('package.json names no version');
}
