import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../src/config/config-error.ts';
import { linesOf, load, minimal, problemsOf } from './loading.ts';

describe('an unknown key', () => {
  it('is refused with its line, what is allowed there and what was probably meant', async () => {
    expect(await linesOf({ yaml: `${minimal}  endpont: http://a:1\n` })).toEqual([
      'agent.yaml:4: member.endpont: there is no such key in this version; allowed: in member: name, endpoint, peerUrl, dataDir, walDir, metricsUrl, role; did you mean member.endpoint?',
    ]);
  });

  it.each([
    ['data_dir: /x', 'member.dataDir'],
    ['endpiont: x', 'member.endpoint'],
    ['DATADIR: /x', 'member.dataDir'],
    ['listen: x', 'expose.listen'],
  ])('member: {%s} may be meant as %s', async (line, meant) => {
    const [problem] = await problemsOf(load({ yaml: `${minimal}  ${line}\n` }));
    expect(problem?.hint).toBe(`did you mean ${meant}?`);
  });

  it('gets no suggestion where nothing is near', async () => {
    const [problem] = await problemsOf(load({ yaml: `${minimal}zebra: 1\n` }));
    expect(problem).toMatchObject({ code: 'UNKNOWN_KEY', key: 'zebra' });
    expect(problem?.hint).toBeUndefined();
  });

  it('that holds a password is answered with where it belongs, and never shown', async () => {
    const [line = ''] = await linesOf({ yaml: `${minimal}cluster:\n  auth:\n    password: hunter2\n` });
    expect(line).toContain('agent.yaml:6: cluster.auth.password');
    expect(line).toContain('did you mean cluster.auth.passwordFile? secrets are never written here');
    expect(line).not.toContain('hunter2');
  });

  it('is shown without control characters', async () => {
    const [line = ''] = await linesOf({ yaml: `${minimal}"\\e[31mred": 1\n` });
    expect(line).toContain('"\\u001b[31mred"');
  });

  it('behind --set is refused with the flag', async () => {
    expect(await linesOf({ flags: { 'observe.intervall': '5s', observe: '5s', '': 'x' } })).toEqual([
      '--set observe.intervall: there is no such key in this version; allowed: in observe: interval, deadline, collectors, fsyncProbe, peers, keyspace, canary; did you mean observe.interval?',
      '--set observe: it is a section, not a key; allowed: in observe: interval, deadline, collectors, fsyncProbe, peers, keyspace, canary',
      expect.stringContaining('there is no such key'),
    ]);
  });
});

describe('a wrong value', () => {
  it.each([
    ['observe: {interval: 10}', 'it has no unit; found 10; allowed: a duration from 1s to 1h (units d, h, m, s, ms)'],
    ['observe: {interval: 5 minutes}', 'it is not a duration; found "5 minutes"'],
    ['observe: {interval: 500ms}', 'it is too small; found "500ms"'],
    ['observe: {fsyncProbe: {interval: 100ms}}', 'it is too small; found "100ms"; allowed: a duration from 1s'],
    ['observe: {keyspace: {pageSize: 2MB}}', '"MB" is not a unit of size; write 2MiB if powers of 1024 are meant'],
    ['observe: {keyspace: {topK: 1.5}}', 'it is not a whole number; found 1.5'],
    ['observe: {keyspace: {depth: 0}}', 'it is too small; found 0; allowed: a whole number from 1 to 16'],
    ['observe: {collectors: {wal: yes}}', 'it is neither true nor false; found "yes"'],
    ['log: {level: loud}', 'it is none of these words; found "loud"; allowed: trace or debug or info or warn or error'],
    ['log: {level: }', 'its value is empty; allowed: trace'],
    ['log: {level: [info]}', 'it is none of these words; found a list'],
    ['log: {level: {a: b}}', 'it is none of these words; found a group of keys'],
    ['log: info', 'it is a section: its keys stand below it, indented; allowed: in log: level'],
    ['cluster: {endpoints: http://a:1}', 'it is not a list of texts; found "http://a:1"'],
    ['cluster: {endpoints: []}', 'it is empty; found a list'],
    ['cluster: {tls: {ca: ca.pem}}', 'it is not an absolute path; found "ca.pem"'],
    ['expose: {listen: ":9379"}', 'it has no host; all interfaces are 0.0.0.0 or [::]; found ":9379"'],
  ])('%s: %s', async (yaml, line) => {
    const [first = ''] = await linesOf({ yaml: `${minimal}${yaml}\n` });
    expect(first).toMatch(/^agent\.yaml:4: /);
    expect(first).toContain(line);
  });

  it('in a list is shown with its place in the list and its line', async () => {
    const [line = ''] = await linesOf({ yaml: `${minimal}cluster:\n  endpoints:\n    - http://a:1\n    - b:2\n` });
    expect(line).toMatch(/^agent\.yaml:7: cluster\.endpoints\[1\]: it does not begin with http:.*; found "b:2"/);
  });

  it('that is a number where text belongs is to be put in quotes', async () => {
    const [line = ''] = await linesOf({ yaml: 'member: {name: 12, dataDir: /d}\n' });
    expect(line).toContain('member.name: it is not text (put it in quotes); found 12');
  });

  it('that holds a password in a URL is shown without it', async () => {
    for (const url of ['https://root:hunter2@a:1', 'root:hunter2@a:1', 'ftp://root:hunter2@x@a']) {
      const [line = ''] = await linesOf({ yaml: `${minimal}  endpoint: ${url}\n` });
      expect(line).toContain('***@');
      expect(line).not.toContain('hunter2');
    }
  });

  it('is never shown where a secret may have been written instead of the path of its file', async () => {
    const keys = [
      'cluster.auth.passwordFile',
      'cluster.tls.key',
      'cluster.peerTls.key',
      'expose.tls.key',
      'expose.auth.tokenFile',
    ];
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...keys), fc.stringMatching(/^[a-z0-9@:\n]{12,40}$/), async (key, secret) => {
        const error: unknown = await load({ flags: { [key]: `S3CRET${secret}` } }).catch((thrown: unknown) => thrown);
        expect(error).toBeInstanceOf(ConfigError);
        expect(`${error instanceof ConfigError ? error.message + JSON.stringify(error.problems) : ''}`).not.toContain(
          'S3CRET',
        );
      }),
      { numRuns: 30 },
    );
  });
});

describe('what is missing', () => {
  it('is named with every way to set it', async () => {
    expect(await linesOf({ yaml: '' })).toEqual([
      'member.name: it must be set; allowed: 1 to 128 characters, no space at either end; set it in the file, as ETCD_CARETAKER_MEMBER__NAME, or with --set member.name=...',
      'member.dataDir: it must be set; allowed: an absolute path; set it in the file, as ETCD_CARETAKER_MEMBER__DATA_DIR, or with --set member.dataDir=...',
    ]);
  });

  it('is not named a second time where it is set, but wrong', async () => {
    const problems = await problemsOf(load({ yaml: 'member:\n  name: 1\n  dataDir:\n' }));
    expect(problems.map(({ code, key }) => [code, key])).toEqual([
      ['WRONG_VALUE', 'member.name'],
      ['WRONG_VALUE', 'member.dataDir'],
    ]);
  });
});

describe('all problems', () => {
  it('are reported at once, those of the file in its order', async () => {
    const yaml = 'log: {level: loud}\nmember:\n  name: a\n  nmae: b\nobserve: {interval: 3}\n';
    const given = { yaml, env: { ETCD_CARETAKER_FOO__BAR: '1' }, flags: { profile: 'big' } };
    const problems = await problemsOf(load(given));
    expect(problems.map(({ code, key }) => `${code} ${key ?? ''}`)).toEqual([
      'WRONG_VALUE log.level',
      'UNKNOWN_KEY member.nmae',
      'WRONG_VALUE observe.interval',
      'UNKNOWN_KEY ',
      'WRONG_VALUE profile',
      'MISSING_KEY member.dataDir',
    ]);
    const error: unknown = await load(given).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'CONFIG_INVALID', name: 'ConfigError' });
    expect(error instanceof Error ? error.message.split('\n') : []).toHaveLength(7);
  });

  it('of a wrong value are reported even where a stronger source has a good one', async () => {
    const given = { yaml: `${minimal}log: {level: loud}\n`, flags: { 'log.level': 'info' } };
    expect(await problemsOf(load(given))).toMatchObject([{ key: 'log.level', found: '"loud"' }]);
  });
});

describe('a value that was derived', () => {
  it('is refused like one that was set, with the key that it came from', async () => {
    const [line = ''] = await linesOf({ flags: { 'member.name': 'n'.repeat(120) } });
    expect(line).toMatch(/^from member\.name: expose\.socket: it is longer than 107 bytes; found .*at most 107 bytes$/);
  });
});
