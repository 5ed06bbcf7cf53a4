import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import type { SectionName } from '../../src/cluster/observation.ts';
import { type SwitchableCollector, switchableCollectors } from '../../src/config/collectors.ts';
import { configJsonSchema } from '../../src/config/json-schema.ts';
import { keyTable } from '../../src/config/keys.ts';
import { configReference } from '../../src/config/reference.ts';
import { exampleFile } from '../../src/config/reference-text.ts';
import { load } from './loading.ts';

describe('the reference of the configuration', () => {
  it('docs/configuration.md is current (else: npm run docs:config)', async () => {
    expect(await readFile(new URL('../../docs/configuration.md', import.meta.url), 'utf8')).toBe(configReference());
  });

  it('names every key, its variable and what it is for', () => {
    const reference = configReference();
    for (const { path, env, about } of keyTable().keys.values()) {
      expect(reference).toContain(`| \`${path}\` |`);
      expect(reference).toContain(`\`${env.replace('ETCD_CARETAKER_', '')}\``);
      expect(about).toMatch(/^[A-Z].*\.$/);
    }
    for (const { about, path } of keyTable().sections.values()) expect(path === '' || about !== '').toBe(true);
  });

  it('has an example that is accepted', async () => {
    const { config } = await load({ yaml: exampleFile });
    expect(config.member.name).toBe('node-1');
  });
});

describe('the JSON Schema of the configuration', () => {
  it('knows the keys, refuses others, and asks for those that must be set', () => {
    expect(configJsonSchema()).toMatchObject({
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      additionalProperties: false,
      required: ['member'],
      properties: {
        member: { required: ['name', 'dataDir'], additionalProperties: false },
        observe: {
          properties: { interval: { type: 'string', default: '10s', pattern: expect.stringContaining('ms') } },
        },
        log: { properties: { level: { enum: ['trace', 'debug', 'info', 'warn', 'error'], default: 'info' } } },
      },
    });
  });

  it('has only patterns that are regular expressions', () => {
    const patterns = [...JSON.stringify(configJsonSchema()).matchAll(/"pattern":("(?:[^"\\]|\\.)*")/g)];
    expect(patterns.length).toBeGreaterThan(20);
    for (const [, pattern = '""'] of patterns) expect(() => new RegExp(JSON.parse(pattern), 'u')).not.toThrow();
  });
});

describe('the collectors that can be switched off', () => {
  it('are all collectors but member and cluster', () => {
    const exact: Exclude<SectionName, 'member' | 'cluster'> extends SwitchableCollector ? true : false = true;
    const known: SwitchableCollector extends SectionName ? true : false = true;
    expect([exact, known]).toEqual([true, true]);
    const keys = [...keyTable().keys.keys()].filter((key) => key.startsWith('observe.collectors.'));
    expect(keys.map((key) => key.replace('observe.collectors.', ''))).toEqual(Object.keys(switchableCollectors));
  });
});
