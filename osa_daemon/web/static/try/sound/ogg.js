// The pages of an Ogg file (RFC 3533) with one stream of Vorbis or Opus (RFC 7845).

import { partsOf, scan } from "./parts.js";

const HEADER_BYTES = 27;
const NO_PACKET_ENDS = 0xffffffffffffffffn;

/** Yield the parts of an Ogg file, see `partsOf`; null where it holds something else. */
export async function oggParts(file) {
  const pages = [];
  await scan(file, (bytes, at) => readPages(bytes, at, pages));
  const stream = pages.length && streamOf(new Uint8Array(await file.slice(0, 300).arrayBuffer()));
  if (!stream || pages.some(({ serial }) => serial !== pages[0].serial)) {
    return null;
  }
  const audio = pages.findIndex(({ granule }) => granule > 0 && granule !== NO_PACKET_ENDS);
  const begin = pages.findLastIndex(({ granule }, k) => k < audio && granule === 0n) + 1;
  const ends = [];
  for (const { granule } of pages.slice(begin)) {
    const end = granule === NO_PACKET_ENDS ? -1 : Number(granule) - stream.skipped;
    ends.push(Math.max(end, ends.at(-1) ?? 0));
  }
  return partsOf(file, {
    header: file.slice(0, pages[begin]?.at ?? 0),
    offsets: pages.slice(begin).map(({ at }) => at),
    ends,
    endAt: pages.at(-1).endAt,
    rateHz: stream.rateHz,
  });
}

/** Append the whole pages in `bytes`; return how many bytes they took. */
function readPages(bytes, fileAt, pages) {
  const view = new DataView(bytes.buffer);
  let at = 0;
  while (at + HEADER_BYTES <= bytes.length && view.getUint32(at) === 0x4f676753) { // OggS
    const body = at + HEADER_BYTES + bytes[at + 26];
    const segments = bytes.subarray(at + HEADER_BYTES, body);
    const end = body + segments.reduce((sum, length) => sum + length, 0);
    if (body > bytes.length || end > bytes.length) {
      break;
    }
    const [granule, serial] = [view.getBigUint64(at + 6, true), view.getUint32(at + 14, true)];
    pages.push({ at: fileAt + at, endAt: fileAt + end, granule, serial });
    at = end;
  }
  return at;
}

/** Return rate and samples that are skipped at the beginning, from the first page. */
function streamOf(page) {
  const packet = page.subarray(HEADER_BYTES + page[26]);
  const view = new DataView(packet.buffer, packet.byteOffset);
  const text = new TextDecoder("latin1").decode(packet.subarray(0, 8));
  if (text.startsWith("\x01vorbis")) {
    return { rateHz: view.getUint32(12, true), skipped: 0 };
  }
  return text === "OpusHead" ? { rateHz: 48_000, skipped: view.getUint16(10, true) } : null;
}
