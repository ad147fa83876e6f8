import { join } from './links.mjs';

/** One view among figures that belong together: what it tells the others, and what it does when they tell it. */
export class Member {
  /** @param {{plotly: object, box: HTMLElement, figure: object, free: () => boolean}} view */
  constructor(view) {
    Object.assign(this, { view, figure: view.figure, group: null, name: '', hoverX: null });
  }

  /** Joins the figures that the figure's link names, and takes over what they show. */
  relink() {
    const name = this.figure.options.link ?? '';
    if (name === this.name) return;
    this.leave();
    this.name = name;
    if (!name) return;
    this.group = join(name, this);
    const first = this.group.first();
    if (first && first.figure !== this.figure) this.takeX(first.chosenX(), axis => first.typeOf(axis));
  }

  leave() {
    this.group?.leave();
    if (this.hoverX !== null) this.unhover();
    Object.assign(this, { group: null, name: '' });
  }

  // ---- what happens here

  /** @param {Record<string, any>} edits of this figure's x axes */
  zoomed(edits) {
    if (Object.keys(edits).length) this.group?.zoomed(edits, axis => this.typeOf(axis));
  }

  hovered({ points }) {
    const { xaxis, x } = points[0] ?? {};
    if (xaxis) this.group?.hovered(xaxis.d2c(x));
  }

  unhovered() {
    this.group?.unhovered();
  }

  /** The picture is new, and so must be what is shown on top of it. */
  redrawn() {
    if (this.hoverX !== null) this.group?.again(this.hoverX);
  }

  // ---- what another one asks for

  typeOf(axis) {
    return this.view.box._fullLayout?.[axis]?.type ?? this.figure.store.layout[axis]?.type;
  }

  /** The x ranges that somebody chose, as edits. */
  chosenX() {
    const axes = Object.entries(this.figure.store.layout).filter(([key, axis]) => /^xaxis\d*$/.test(key) && axis?.range);
    return Object.fromEntries(axes.flatMap(([key, axis]) => [[`${key}.range`, axis.range], [`${key}.autorange`, false]]));
  }

  /** Another figure was zoomed: so is this one, where its axis means the same. */
  takeX(edits, typeOf) {
    const { layout } = this.figure.store, full = this.view.box._fullLayout;
    const news = Object.entries(edits).filter(([key, value]) => {
      const [axis, property] = key.split('.'), mine = this.typeOf(axis);
      const fits = full ? full[axis] && mine === typeOf(axis) : !mine || mine === typeOf(axis);
      return fits && String(layout[axis]?.[property] ?? null) !== String(value);
    });
    if (news.length) this.figure.edited(Object.fromEntries(news));
  }

  hoverAt(x) {
    this.hoverX = x;
    const { box, plotly } = this.view, plot = box._fullLayout?._plots?.xy;
    if (plot && this.view.free()) {
      plotly.Fx.hover(box, { xval: x, xpx: plot.xaxis.c2p(x), ypx: plot.yaxis._length / 2 }, 'xy');
    }
  }

  unhover() {
    this.hoverX = null;
    if (this.view.box._fullLayout) this.view.plotly.Fx.unhover(this.view.box);
  }
}
