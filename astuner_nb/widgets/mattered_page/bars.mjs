// How much of the outcome each hyper-parameter explains.

import { button, element } from './parts.mjs';

export class Bars {
  /** @param {{compute: () => void, across: (name: string) => void}} person */
  constructor(person) {
    this.person = person;
    this.ask = button(person.tell('compute'), person.tell('Which hyper-parameters explain the outcome, by fANOVA; takes seconds'), () => person.compute());
    this.words = element('p', { className: 'astuner-words' });
    this.words.setAttribute('role', 'status');
    this.list = element('ul');
    this.head = element('header', {}, element('span', {}, person.tell('importance')), this.ask);
    this.node = element('section', { className: 'astuner-importance' }, this.head, this.words, this.list);
  }

  /** @param {{state: string, old: boolean, words: string, bars: [string, number][]}} importance @param {boolean} possible */
  put({ state, old, words, bars }, possible) {
    const computing = state === 'computing', { tell } = this.person;
    this.ask.disabled = computing || !possible; // the words below say why
    this.ask.textContent = tell(computing ? 'computing …' : state === 'ready' || state === 'refused' ? 'compute again' : 'compute');
    this.words.textContent = words || (state === 'idle' ? tell('How much of the outcome each hyper-parameter above explains by itself. Needs 8 runs or more.') : '');
    this.words.classList.toggle('astuner-refused', state === 'refused' && !old);
    this.list.classList.toggle('astuner-old', Boolean(old) || computing);
    this.list.replaceChildren(...bars.map(bar => this.#bar(...bar)));
  }

  #bar(name, share) {
    const percent = share > 0 && share < 0.01 ? '< 1 %' : `${Math.round(share * 100)} %`;
    const fill = element('i');
    fill.style.width = `${share * 100}%`;
    const title = button(name, this.person.tell('{name}: show it against the outcome', { name }), () => this.person.across(name));
    return element('li', {}, title, element('div', {}, fill), element('span', {}, percent));
  }
}
