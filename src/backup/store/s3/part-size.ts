/** What S3 takes: at most 10,000 parts, none but the last smaller than 5 MiB, none larger than 5 GiB. */
const SMALLEST_BYTES = 5 * 2 ** 20;
const LARGEST_BYTES = 5 * 2 ** 30;
/** One less than S3 takes: an object may become a little larger than was expected. */
const MOST_PARTS = 9999;
/** Where nothing is expected, room for an object of 78 GiB. */
const USUAL_BYTES = 8 * 2 ** 20;

/**
 * How large the parts of an upload are: as wished, or larger where so many would not be enough. What is expected is taken
 * for half of what may come, since a wrong guess makes an upload fail at its end.
 */
export function partBytesFor(expectedBytes: number | undefined, wishedBytes = USUAL_BYTES): number {
  const needed = Math.ceil((2 * (expectedBytes ?? 0)) / MOST_PARTS);
  return Math.min(LARGEST_BYTES, Math.max(SMALLEST_BYTES, wishedBytes, needed));
}
