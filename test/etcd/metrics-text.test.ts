import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MetricsText } from '../../src/etcd/metrics-text.ts';
import type { MetricSample } from '../../src/etcd/types.ts';

const parse = (
  page: string,
  families: readonly string[],
  cuts: readonly number[] = [],
): ReadonlyMap<string, readonly MetricSample[]> => {
  const text = new MetricsText(families);
  let from = 0;
  for (const cut of [...cuts.map((at) => at % (page.length + 1)).toSorted((a, b) => a - b), page.length]) {
    text.push(page.slice(from, cut));
    from = cut;
  }
  return text.end();
};

const PAGE = `# HELP fsync_seconds How long.
# TYPE fsync_seconds histogram
fsync_seconds_bucket{le="0.001"} 3
fsync_seconds_bucket{le="+Inf"} 4
fsync_seconds_sum 0.0125
fsync_seconds_count 4
# TYPE quota gauge
quota 2.147483648e+09
other{a="b"} 1
nan NaN
stamped 5 1700000000000
`;

describe('the text of a metrics page', () => {
  test('wanted families are kept with labels and values, histograms with all their parts', () => {
    const samples = parse(PAGE, ['fsync_seconds', 'quota', 'nan', 'stamped', 'absent']);
    expect(Object.fromEntries(samples)).toEqual({
      fsync_seconds_bucket: [
        { name: 'fsync_seconds_bucket', labels: { le: '0.001' }, value: 3 },
        { name: 'fsync_seconds_bucket', labels: { le: '+Inf' }, value: 4 },
      ],
      fsync_seconds_sum: [{ name: 'fsync_seconds_sum', labels: {}, value: 0.0125 }],
      fsync_seconds_count: [{ name: 'fsync_seconds_count', labels: {}, value: 4 }],
      quota: [{ name: 'quota', labels: {}, value: 2_147_483_648 }],
      nan: [{ name: 'nan', labels: {}, value: Number.NaN }],
      stamped: [{ name: 'stamped', labels: {}, value: 5 }],
    });
  });

  test('a page means the same wherever it is cut into pieces', () => {
    const whole = parse(PAGE, ['fsync_seconds', 'quota']);
    fc.assert(
      fc.property(fc.array(fc.nat({ max: PAGE.length }), { maxLength: 20 }), (cuts) => {
        expect(parse(PAGE, ['fsync_seconds', 'quota'], cuts)).toEqual(whole);
      }),
    );
  });

  test('whatever a label holds comes back as it was', () => {
    const name = fc.stringMatching(/^[a-zA-Z_][a-zA-Z0-9_]{0,10}$/);
    const labels = fc.dictionary(name, fc.string({ unit: 'binary' }), { maxKeys: 4, noNullPrototype: true });
    fc.assert(
      fc.property(labels, fc.double(), (given, value) => {
        const shown = Object.entries(given).map(([label, text]) => `${label}="${quoted(text)}"`);
        const number = Number.isFinite(value)
          ? String(value)
          : { Infinity: '+Inf', '-Infinity': '-Inf', NaN: 'NaN' }[String(value)];
        const [sample] = parse(`m{${shown.join(',')}} ${number}\n`, ['m']).get('m') ?? [];
        expect(Object.entries(sample?.labels ?? {})).toEqual(Object.entries(given));
        expect(sample?.value).toBe(value === 0 ? Number(number) : value);
      }),
    );
  });

  test('garbage never does anything but raise the one error', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 500 }), (garbage) => {
        try {
          parse(garbage, ['m']);
        } catch (error) {
          expect(error).toMatchObject({ message: expect.stringMatching(/^line \d+: /) });
        }
      }),
    );
  });

  test('a page that is cut off anywhere is refused, or has what was wanted', () => {
    const whole = parse(PAGE, ['fsync_seconds']);
    for (let length = 0; length < PAGE.length; length += 1) {
      const read = (): unknown => parse(PAGE.slice(0, length), ['fsync_seconds']);
      const complete = length >= PAGE.indexOf('# TYPE quota') && PAGE[length - 1] === '\n';
      if (complete) expect(read()).toEqual(whole);
      else expect(read).toThrow(/^line \d+: /);
    }
  });

  test.each([
    ['<html><body>', 1, '<html>'],
    ['{"status": "ok"}', 1, 'status'],
    ['good 1\nnot a sample at all!\n', 2, 'not a sample'],
    ['good 1\nm{le="1} 5\n', 2, 'm{le='],
    ['m 0x10\n', 1, '0x10'],
    ['m\n', 1, 'm'],
    ['m 1 2 3\n', 1, 'm 1 2 3'],
    ['m{a="1" b="2"} 1\n', 1, 'm{a='],
    ['', 1, 'no sample'],
    ['# only comments\n', 2, 'no sample'],
    [`m{a="${'x'.repeat(70_000)}"} 1\n`.slice(0, -1), 1, 'longer than'],
  ])('%s is refused with its line and what was found', (page, line, found) => {
    expect(() => parse(page, ['m'])).toThrow(
      expect.objectContaining({ message: expect.stringContaining(`line ${line}: `) }),
    );
    expect(() => parse(page, ['m'])).toThrow(expect.objectContaining({ message: expect.stringContaining(found) }));
  });

  test('line ends of Windows are taken', () => {
    expect(parse('m 1\r\nn 2\r\n', ['m', 'n']).get('n')?.[0]?.value).toBe(2);
  });
});

const quoted = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
