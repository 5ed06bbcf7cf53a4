/** A round trip within one room, and one that is too long for etcd's default heartbeat of 100 ms. */
const NEAR_SECONDS = 0.000_2;
const FAR_SECONDS = 0.1;

/** How dark a round trip is shown, in percent, by its logarithm. Pure. */
export function shadeOf(seconds: number): number {
  const part = Math.log(Math.max(seconds, NEAR_SECONDS) / NEAR_SECONDS) / Math.log(FAR_SECONDS / NEAR_SECONDS);
  return Math.round(Math.min(1, part) * 100);
}
