import { environmentPrefix, type Key, keyTable, type Section } from './keys.ts';
import { introduction } from './reference-text.ts';

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('<', '&lt;');
}

function defaultOf(key: Key): string {
  if (Array.isArray(key.defaultValue) && key.defaultValue.length === 0) return '`[]`';
  if (key.defaultValue !== undefined) return `\`${String(key.defaultValue)}\``;
  return key.isOptional ? '' : '**must be set**';
}

function row(key: Key): string {
  const variable = key.env.slice(environmentPrefix.length);
  const cells = [`\`${key.path}\``, defaultOf(key), cell(`${key.about} Allowed: ${key.allowed}.`), `\`${variable}\``];
  return `| ${cells.join(' | ')} |`;
}

function sectionText(section: Section, keys: readonly Key[]): string {
  const heading = section.path === '' ? '## The agent' : `${section.path.includes('.') ? '###' : '##'} ${section.path}`;
  const about = section.path === '' ? '' : `${section.about}\n\n`;
  const head = `| key | default | meaning | variable (\`${environmentPrefix}…\`) |\n|---|---|---|---|`;
  const table = keys.length === 0 ? '' : `${head}\n${keys.map(row).join('\n')}\n`;
  return `${heading}\n\n${about}${table}`.trimEnd();
}

/** The reference of all keys in Markdown: `docs/configuration.md`. */
export function configReference(): string {
  const { keys, sections } = keyTable();
  const isIn = (key: Key, section: Section) => {
    const cut = key.path.lastIndexOf('.');
    return section.path === (cut < 0 ? '' : key.path.slice(0, cut));
  };
  const texts = [...sections.values()].map((section) => {
    return sectionText(
      section,
      [...keys.values()].filter((key) => isIn(key, section)),
    );
  });
  return `${introduction}\n${texts.join('\n\n')}\n`;
}
