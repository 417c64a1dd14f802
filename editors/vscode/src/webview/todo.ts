// The todo list of a session that is opened: the newest call of the todo tool has it. Pure.

import type { Message, TodoItem } from '../protocol';
import { argumentsOf } from './parts/tool-title';

export function todoIn(messages: Message[]): TodoItem[] {
  for (const { parts } of [...messages].reverse()) {
    for (const part of [...parts].reverse()) {
      if (part.type !== 'tool' || part.tool !== 'todo' || part.status !== 'completed') continue;
      const { items } = argumentsOf(part.input.text);
      if (!Array.isArray(items)) return [];
      const list = items.filter((it): it is TodoItem => typeof it?.text === 'string' && typeof it?.status === 'string');
      return list.every(({ status }) => status === 'done' || status === 'dropped') ? [] : list;
    }
  }
  return [];
}
