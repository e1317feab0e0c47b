// A long file in parts that decode by themselves, with sound around what is wanted of each.

export const PART_S = 30;
export const MARGIN_S = 1; // more than a decoder or the browser's resampler hears around a sample
const SLICE_BYTES = 1 << 22;

/**
 * Yield parts `{bytes, rateHz, from, to, end, total}` of a file of units (pages, frames): decoded,
 * `bytes` end at sample `end` of the file, and samples `from` … `to` of it are new. They lie on
 * whole seconds, where 16 kHz has a sample too.
 *
 * `header` goes before each part; `offsets` are where the units begin, `ends` at which sample each
 * ends, `endAt` where the last ends in the file.
 */
export async function* partsOf(file, { header, offsets, ends, endAt, rateHz }) {
  const total = ends.at(-1) ?? 0;
  for (let from = 0; from < total; from += PART_S * rateHz) {
    const to = Math.min(from + PART_S * rateHz, total);
    // one unit more than the margin: a decoder needs one to begin with
    const first = Math.max(unitAt(ends, from - MARGIN_S * rateHz) - 1, 0);
    const last = unitAt(ends, to + MARGIN_S * rateHz);
    const slice = file.slice(offsets[first], offsets[last + 1] ?? endAt);
    const bytes = await new Blob([header, slice]).arrayBuffer();
    yield { bytes, rateHz, from, to, end: ends[last], total };
  }
}

/** Return the first unit that ends at `sample` or behind it, or the last one. */
function unitAt(ends, sample) {
  let [low, high] = [0, ends.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    [low, high] = ends[middle] >= sample ? [low, middle] : [middle + 1, high];
  }
  return low;
}

/**
 * Go through a file: `take(bytes, at)` gets what begins at `at` in the file and returns how many
 * bytes it has used; what is left comes again with what follows it.
 */
export async function scan(file, take) {
  for (let at = 0; at < file.size; ) {
    const bytes = new Uint8Array(await file.slice(at, at + SLICE_BYTES).arrayBuffer());
    const used = take(bytes, at);
    if (!used || at + bytes.length === file.size) {
      return;
    }
    at += used;
  }
}
