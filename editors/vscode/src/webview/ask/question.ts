// Questions of the model to the person: options to choose from, and always words of one's own.

import type { OpenQuestion } from '../../bridge';
import { visible } from '../../plain';
import { h, icon } from '../dom';
import type { Host } from '../host';

export class QuestionCard {
  readonly element: HTMLFormElement;
  private readonly fields: HTMLInputElement[];

  constructor(asked: OpenQuestion, host: Host) {
    this.fields = asked.questions.map((_, index) =>
      h('input', {
        type: 'text',
        class: 'own-answer',
        placeholder: 'Your answer',
        'aria-label': `Answer ${index + 1}`,
      }),
    );
    const answer = () =>
      host.post({
        type: 'answerQuestion',
        questionId: asked.questionId,
        answers: this.fields.map(({ value }) => value.trim()),
      });
    const skip = () => host.post({ type: 'answerQuestion', questionId: asked.questionId, answers: null });
    this.element = h(
      'form',
      {
        class: 'card question',
        'aria-label': 'The model asks',
        onsubmit: (event: Event) => {
          event.preventDefault();
          if (this.fields.every(({ value }) => value.trim() !== '')) answer();
          else this.fields.find(({ value }) => value.trim() === '')?.focus();
        },
      },
      ...asked.questions.map(({ question, options }, index) => this.asked(question, options ?? [], index)),
      h(
        'div',
        { class: 'answers' },
        h('button', { class: 'primary', type: 'submit', text: 'Answer' }),
        h('button', { class: 'secondary', type: 'button', text: 'Do not answer', onclick: skip }),
      ),
    );
  }

  private asked(question: string, options: string[], index: number): HTMLElement {
    const field = this.fields[index] as HTMLInputElement;
    const choices = options.map((option) =>
      h('button', { class: 'option', type: 'button', text: visible(option), onclick: () => (field.value = option) }),
    );
    return h(
      'div',
      { class: 'asked' },
      h('div', {}, icon('question'), h('strong', { text: visible(question) })),
      h('div', { class: 'options' }, ...choices),
      field,
    );
  }
}
