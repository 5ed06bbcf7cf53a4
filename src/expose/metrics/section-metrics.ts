import type { Observation, SectionName } from '../../cluster/observation.ts';
import type { Sections } from '../../cluster/sections.ts';
import type { MetricFamily, MetricSeries } from '../metric-family.ts';

/** Makes one metric out of a section: its name without the prefix, what it means, its labels, and how it is read. */
export type SectionMetric<Section> = (
  name: string,
  help: string,
  labels: readonly string[],
  read: (section: Section, observation: Observation) => readonly MetricSeries[],
) => MetricFamily;

type Makers<Part> = Readonly<Record<MetricFamily['type'], SectionMetric<Part>>>;

/** Makers of the metrics of one section. A section without a value has no series: a failed reading shows no old number. */
export function metricsOf<K extends SectionName>(section: K): Makers<Sections[K]> {
  return metricsIn<Sections[K]>(({ sections }) => sections[section]?.value);
}

/** Makers of the metrics of a part of the observation; where it is absent there are no series. */
export function metricsIn<Part>(partOf: (observation: Observation) => Part | undefined): Makers<Part> {
  const ofType =
    (type: MetricFamily['type']): SectionMetric<Part> =>
    (name, help, labels, read) => ({
      name,
      help,
      type,
      labels,
      read: (observation) => {
        const part = partOf(observation);
        return part === undefined ? [] : read(part, observation);
      },
    });
  return { gauge: ofType('gauge'), counter: ofType('counter'), histogram: ofType('histogram') };
}

/** One sample, or none where the number is not known. */
export function sample(
  value: number | bigint | boolean | undefined,
  labels: Readonly<Record<string, string>> = {},
): readonly MetricSeries[] {
  return value === undefined ? [] : [{ labels, value: Number(value) }];
}
