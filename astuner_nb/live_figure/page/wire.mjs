// Arrays on the wire. Keep in step with wire.py: {nd: dtype, b: buffer} in the state, {nd: dtype, at: number} in messages.
// What we pack ourselves also has n: ipywidgets saves the whole buffer under a view, with the room to grow at its end.
const ARRAYS = {
  float64: Float64Array, float32: Float32Array, int32: Int32Array, int16: Int16Array, int8: Int8Array,
  uint32: Uint32Array, uint16: Uint16Array, uint8: Uint8Array,
};

/** @param {DataView} view @param {Function} Kind @returns a typed array of its own: a view may start at an odd byte */
export function typed(view, Kind, length = view.byteLength / Kind.BYTES_PER_ELEMENT) {
  return new Kind(view.buffer.slice(view.byteOffset, view.byteOffset + length * Kind.BYTES_PER_ELEMENT));
}

/** @param {any} value as it came @param {DataView[]} [buffers] of the message @returns the value with typed arrays */
export function unpack(value, buffers) {
  if (Array.isArray(value)) return value.map(v => unpack(v, buffers));
  if (!value || typeof value !== 'object') return value;
  if (value.nd) return typed(value.b ?? buffers[value.at], ARRAYS[value.nd], value.n);
  return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, unpack(v, buffers)]));
}

/** @param {any} value @returns the value as it travels in the state, without copying: a saved notebook keeps this */
export function pack(value) {
  if (ArrayBuffer.isView(value)) {
    const nd = value.constructor.name.replace('Array', '').toLowerCase();
    return { nd, n: value.length, b: new DataView(value.buffer, value.byteOffset, value.byteLength) };
  }
  if (Array.isArray(value)) return value.map(pack);
  if (!value || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, pack(v)]));
}
