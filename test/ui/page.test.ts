import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
// @ts-expect-error: plain JavaScript, which the machine's own Node runs.
import { bundlePage } from '../../scripts/page.mjs';

describe('the built page', () => {
  it('is small, is the same when it is built again, and has nothing in line that its policy forbids', async () => {
    const files: Readonly<Record<string, Uint8Array>> = await bundlePage();
    expect(Object.keys(files).sort()).toEqual(['LICENSES.txt', 'index.html', 'page.css', 'page.js']);
    const bytes = Object.entries(files)
      .filter(([name]) => name !== 'LICENSES.txt')
      .reduce((sum, [, file]) => sum + gzipSync(file, { level: 9 }).length, 0);
    expect(bytes).toBeLessThan(70_000);
    expect(await bundlePage()).toEqual(files);
    const html = new TextDecoder().decode(files['index.html']);
    expect(html).toMatch(/src="page\.js\?v=[0-9a-f]{12}"/);
    expect(html).not.toMatch(/<style|style=|<script(?![^>]* src=)|\son\w+=/);
    const code = new TextDecoder().decode(files['page.js']);
    expect(code).not.toMatch(/https?:\/\/(?!www\.w3\.org\/)/);
  });
});
