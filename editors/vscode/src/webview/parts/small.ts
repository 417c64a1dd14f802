// Parts that are one line: files of a prompt, changed files, compactions, work handed on.

import { count, size } from '../../figures';
import { line } from '../../plain';
import type { Part } from '../../protocol';
import { h, icon } from '../dom';
import type { PartView } from './part';

export class SmallView implements PartView {
  readonly element = h('div', { class: 'part small' });

  update(part: Part): void {
    const [sign, text] = describe(part);
    this.element.replaceChildren(icon(sign), h('span', { text }));
    this.element.hidden = text === '';
  }
}

/** Icon and words of a part; no words where there is nothing to say. */
export function describe(part: Part): [string, string] {
  switch (part.type) {
    case 'file':
      return [
        part.mime.startsWith('image/') ? 'file-media' : 'file',
        `${line(part.name ?? part.uri ?? part.mime)} (${size(part.bytes)})`,
      ];
    case 'patch':
      return ['diff', `Changed ${part.files.map((file) => line(file.split('/').at(-1) ?? file, 60)).join(', ')}`];
    case 'compaction':
      return [
        'fold',
        `The history was summarised: ${count(part.before)} → ${count(part.after)} tokens. Nothing is lost; the whole stays here.`,
      ];
    case 'subtask':
      return ['git-branch', line(part.description)];
    default:
      return ['', ''];
  }
}
