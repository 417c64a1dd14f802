// How agents and commands are described in lists. Pure.

import { iconless, line } from '../plain';
import type { ListedAgent, ListedCommand } from '../protocol';

/** A row of the picker: what it may do and where it comes from stand beside its name. */
export function agentItem({ name, description, source, readOnly, model, mistakes }: ListedAgent) {
  const answers = model ? `${model.provider}/${model.id}` : '';
  const beside = [readOnly ? 'only looks' : '', answers, source === 'builtIn' ? 'built in' : source];
  return {
    label: iconless(line(name, 80)),
    description: beside
      .filter(Boolean)
      .map((it) => iconless(line(it, 120)))
      .join(' · '),
    detail: iconless(whatAndMistakes(description, mistakes)),
  };
}

/** Behind a command in the offers of the prompt. */
export function commandDetail({ description, argumentHint, mistakes }: ListedCommand): string {
  const hint = argumentHint ? `${line(argumentHint, 60)} ` : '';
  return `${hint}${whatAndMistakes(description, mistakes)}`.trim();
}

/** A list of mistakes that is empty is not sent. */
function whatAndMistakes(description: string, mistakes: string[] | undefined): string {
  const wrong = (mistakes ?? []).map((it) => `⚠ ${line(it, 160)}`);
  return [line(description, 200), ...wrong].filter(Boolean).join(' ');
}
