// Elements in one call. Text is always text: nothing here parses HTML.

type Child = Node | string | null | undefined | false;
type Properties = Record<string, string | number | boolean | ((event: never) => void) | undefined>;

/** An element: `class`, `text` and `on…` are what they say, `data-…`, `aria-…` and `role` attributes, the rest properties. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  properties: Properties = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === false) continue;
    if (typeof value === 'function') element.addEventListener(name.slice(2), value as EventListener);
    else if (name === 'class') element.className = String(value);
    else if (name === 'text') element.textContent = String(value);
    else if (/^(data-|aria-|role$|title$|for$|tabindex$|dir$)/.test(name)) element.setAttribute(name, String(value));
    else (element as unknown as Record<string, unknown>)[name] = value;
  }
  element.append(...children.filter((child): child is Node | string => child != null && child !== false));
  return element;
}

/** An icon of the editor's set; decoration only, what it says is said in words beside it. */
export function icon(name: string): HTMLSpanElement {
  return h('span', { class: `codicon codicon-${name}`, 'aria-hidden': 'true' });
}

/** A button with an icon and a name. */
export function iconButton(name: string, label: string, onclick: () => void): HTMLButtonElement {
  return h('button', { class: 'icon-button', type: 'button', title: label, 'aria-label': label, onclick }, icon(name));
}
