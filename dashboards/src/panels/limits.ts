import { GraphThresholdsStyleConfigBuilder, GraphThresholdsStyleMode } from '@grafana/grafana-foundation-sdk/common';
import { type Threshold, ThresholdsConfigBuilder, ThresholdsMode } from '@grafana/grafana-foundation-sdk/dashboard';
import type { PanelBuilder } from '@grafana/grafana-foundation-sdk/timeseries';

/** From where a value needs a look, and from where it hurts, in the unit of the panel. */
export interface Limits {
  readonly warning?: number;
  readonly critical?: number;
  /** Which side is well; default `low`: small values are. */
  readonly well?: 'low' | 'high';
}

/** Green, yellow and red for a value. */
export function thresholdsOf({ warning, critical, well = 'low' }: Limits): ThresholdsConfigBuilder {
  const [first, ...above] =
    well === 'low'
      ? [step('green', undefined), step('yellow', warning), step('red', critical)]
      : [step('red', undefined), ...lowSides(warning, critical)];
  const steps = [first, ...above.filter(({ value }) => value !== null)];
  return new ThresholdsConfigBuilder()
    .mode(ThresholdsMode.Absolute)
    .steps(steps.filter((each): each is Threshold => each !== undefined));
}

/** Where high values are well, what is under `critical` is red and what is under `warning` yellow. */
function lowSides(warning: number | undefined, critical: number | undefined): readonly Threshold[] {
  if (warning === undefined) return [step('green', critical)];
  return critical === undefined ? [step('green', warning)] : [step('yellow', critical), step('green', warning)];
}

function step(color: string, value: number | undefined): Threshold {
  return { color, value: value ?? null };
}

/** Dashed lines where a value begins to need a look. */
export function drawLimits(panel: PanelBuilder, limits: Limits): void {
  panel
    .thresholds(thresholdsOf(limits))
    .thresholdsStyle(new GraphThresholdsStyleConfigBuilder().mode(GraphThresholdsStyleMode.Dashed));
}
