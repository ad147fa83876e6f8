// Figures of one page that belong together: one x range, one hover. Every figure brings a copy of this module, so what
// they share hangs on the page. Members may be of another copy: what is called on them is in member.mjs.
const KEY = Symbol.for('astuner.links.1'); // a new number where members of old and new could not live together

class Links {
  groups = new Map(); // name → members, in the order they came
  due = new Map(); // member → x to hover at
  frame = 0;
  restUntil = 0;

  /** Hovers soon: one a frame, for a picture of many curves needs some 15 ms, and for half of the time at most. */
  hover(members, x) {
    for (const member of members) this.due.set(member, x);
    this.frame ||= requestAnimationFrame(() => this.hoverNext());
  }

  hoverNext() {
    this.frame = 0;
    const start = performance.now(), [next] = this.due;
    if (next && start >= this.restUntil) {
      this.due.delete(next[0]);
      next[0].hoverAt(next[1]);
      this.restUntil = 2 * performance.now() - start;
    }
    if (this.due.size) this.frame = requestAnimationFrame(() => this.hoverNext());
  }

  unhover(members) {
    for (const member of members) {
      this.due.delete(member);
      member.unhover();
    }
  }
}

/**
 * Joins a group.
 * @param {string} name
 * @param {object} member
 * @returns {{first: Function, zoomed: Function, hovered: Function, again: Function, unhovered: Function, leave: Function}}
 *   what the member tells the others
 */
export function join(name, member) {
  const links = (globalThis[KEY] ??= new Links());
  const group = links.groups.get(name) ?? new Set();
  links.groups.set(name, group.add(member));
  const others = () => [...group].filter(other => other !== member);
  let pointed = false; // whether the pointer is over this one
  const unhover = () => {
    if (!pointed) links.unhover(others());
  };
  return {
    first: () => others()[0],
    zoomed(edits, typeOf) {
      const figures = new Set([member.figure]); // two views of one figure have one range
      for (const other of others()) {
        if (!figures.has(other.figure)) other.takeX(edits, typeOf);
        figures.add(other.figure);
      }
    },
    hovered(x) { pointed = true; links.hover(others(), x); },
    again(x) { links.hover([member], x); },
    /** Between two points plotly.js says unhover and at once hover: only what stays so counts. */
    unhovered() {
      if (pointed) queueMicrotask(unhover);
      pointed = false;
    },
    leave() {
      if (pointed) links.unhover(others());
      links.due.delete(member);
      group.delete(member);
      if (!group.size) links.groups.delete(name);
      if (!links.groups.size) delete globalThis[KEY];
    },
  };
}
