/** Numbers that grow without copying what is there at every append. */
export class Growing {
  /** @param {ArrayLike<number|null>} values what is there already; null and undefined become NaN, a gap */
  constructor(values) {
    this.length = values.length;
    this.room = new Float64Array(Math.max(256, 2 * this.length));
    for (let i = 0; i < this.length; i++) this.room[i] = values[i] ?? NaN;
    this.view = this.room.subarray(0, this.length);
  }

  /**
   * Writes at `offset`; writing the same twice is harmless, so a repeated message is too.
   * @param {number} offset at most `length`
   * @param {Float64Array} values
   */
  put(offset, values) {
    const end = offset + values.length;
    if (end > this.room.length) {
      const room = new Float64Array(2 * end);
      room.set(this.view);
      this.room = room;
    }
    this.room.set(values, offset);
    this.length = Math.max(this.length, end);
    this.view = this.room.subarray(0, this.length);
  }
}
