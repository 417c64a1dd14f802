// What stands where no message is yet: what can be asked here.

import { line } from '../plain';
import { h, icon } from './dom';

const EXAMPLES: Array<[string, string]> = [
  ['search', 'Where is the retry policy defined?'],
  ['terminal', 'Run `git status`'],
  ['edit', 'Replace "old text" with "new text" in path/to/file'],
];

export function welcome(hint: string, compose: (text: string) => void): HTMLElement {
  const examples = EXAMPLES.map(([sign, text]) =>
    h('button', { class: 'example', type: 'button', onclick: () => compose(text) }, icon(sign), h('span', { text })),
  );
  return h(
    'div',
    { class: 'welcome' },
    h('h2', { text: 'What shall be done?' }),
    h('p', { text: 'Nothing is changed or run before you have seen it and said yes.' }),
    ...examples,
    h('p', { class: 'hint', text: line(hint, 80) }),
  );
}
