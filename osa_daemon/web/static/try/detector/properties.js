// The properties of an ONNX file, which onnxruntime-web does not give: detector/properties.py.

const METADATA_PROPS = 14;
const [VARINT, FIXED_64, BYTES, FIXED_32] = [0, 1, 2, 5];

/** Return the properties (text → text) of an ONNX file, a protobuf message; throws if damaged. */
export function readProperties(content) {
  const text = new TextDecoder();
  const properties = {};
  for (const [number, entry] of fields(content)) {
    if (number === METADATA_PROPS) {
      const parts = new Map(fields(entry));
      properties[text.decode(parts.get(1))] = text.decode(parts.get(2) ?? new Uint8Array());
    }
  }
  return properties;
}

/** Yield number and content of each field that has a length; others are passed over. */
function* fields(message) {
  let at = 0;
  const varint = () => {
    let [value, scale] = [0, 1];
    for (;;) {
      const byte = message[at++];
      if (byte === undefined) {
        throw new Error("it ends inside a number");
      }
      value += (byte & 0x7f) * scale;
      scale *= 128;
      if (byte < 0x80) {
        return value;
      }
    }
  };
  while (at < message.length) {
    const tag = varint();
    const kind = tag % 8;
    if (kind === VARINT) {
      varint();
      continue;
    }
    const length = { [FIXED_64]: () => 8, [BYTES]: varint, [FIXED_32]: () => 4 }[kind]();
    if (at + length > message.length) {
      throw new Error("it ends inside a field");
    }
    if (kind === BYTES) {
      yield [Math.floor(tag / 8), message.subarray(at, at + length)];
    }
    at += length;
  }
}
