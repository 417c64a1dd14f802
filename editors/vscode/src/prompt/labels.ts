// How agents and commands are described in lists. Pure.

import type { Agent, Command } from '../announced';
import { line } from '../plain';

/** A row of the picker: what it may do and where it comes from stand beside its name. */
export function agentItem({ name, description, source, readOnly, model, mistakes }: Agent) {
  const answers = typeof model === 'string' ? model : model ? `${model.provider}/${model.id}` : '';
  const beside = [readOnly ? 'only looks' : '', answers, source];
  return {
    label: line(name, 80),
    description: beside
      .filter(Boolean)
      .map((it) => line(it, 120))
      .join(' · '),
    detail: whatAndMistakes(description, mistakes),
  };
}

/** Behind a command in the offers of the prompt. */
export function commandDetail({ description, argumentHint, mistakes }: Command): string {
  const hint = argumentHint ? `${line(argumentHint, 60)} ` : '';
  return `${hint}${whatAndMistakes(description, mistakes)}`.trim();
}

function whatAndMistakes(description: string | null | undefined, mistakes: string[] | null | undefined): string {
  const wrong = (mistakes ?? []).map((it) => `⚠ ${line(it, 160)}`);
  return [line(description ?? '', 200), ...wrong].filter(Boolean).join(' ');
}
