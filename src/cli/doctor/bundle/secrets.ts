import { readFile } from 'node:fs/promises';

/** What stands in the archive where a secret would have stood. */
const placeholder = '[hidden]';

/** Shorter texts turn up by chance; hiding them would only spoil the archive. */
const shortestSecret = 4;

/** Takes secrets out of texts, whatever way they may have come in. */
export class SecretFilter {
  readonly #secrets: readonly string[];

  private constructor(secrets: readonly string[]) {
    // The longest first: one may hold another.
    this.#secrets = [...new Set(secrets)]
      .filter(({ length }) => length >= shortestSecret)
      .toSorted((a, b) => b.length - a.length);
  }

  /** Knows the content of these files, whole and line by line, and these texts. Files that cannot be read are passed over. */
  static async of(files: readonly string[], texts: readonly string[]): Promise<SecretFilter> {
    const contents = await Promise.all(files.map((file) => readFile(file, 'utf8').catch(() => '')));
    const lines = contents.flatMap((content) => [
      content.trim(),
      ...content.split(/\r?\n/).filter((line) => !line.startsWith('-----')),
    ]);
    return new SecretFilter([...lines, ...texts]);
  }

  /** The text without any known secret, private key, password in a URL, or bearer token. */
  clean(text: string): string {
    let cleaned = text
      .replaceAll(/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(-----END [A-Z ]*PRIVATE KEY-----|$)/g, placeholder)
      .replaceAll(/(\w:\/\/)[^/\s"'@]+@/g, `$1${placeholder}@`)
      .replaceAll(/(authorization["':\s]*bearer\s+)[^\s"']+/gi, `$1${placeholder}`);
    for (const secret of this.#secrets) {
      cleaned = cleaned.replaceAll(secret, placeholder);
      // As it looks within a JSON text.
      const escaped = JSON.stringify(secret).slice(1, -1);
      if (escaped !== secret) cleaned = cleaned.replaceAll(escaped, placeholder);
    }
    return cleaned;
  }
}
