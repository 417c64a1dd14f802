// Markdown of unknown origin as elements: rendered by markdown-it without HTML, sanitised by DOMPurify.

import createDOMPurify from 'dompurify';
import MarkdownIt from 'markdown-it';

import { visible } from '../plain';
import { highlight } from './highlight';

const ALLOWED_TAGS = [
  'p',
  'br',
  'hr',
  'strong',
  'em',
  's',
  'code',
  'pre',
  'span',
  'blockquote',
  'a',
  'ul',
  'ol',
  'li',
  'h1',
  'h2',
  'h3',
  'h4',
  'h5',
  'h6',
  'table',
  'thead',
  'tbody',
  'tr',
  'th',
  'td',
];
const ALLOWED_ATTR = ['href', 'class', 'start', 'title'];

const markdown = new MarkdownIt({ html: false, linkify: true, breaks: false, highlight });
// Addresses without a scheme stay text: a file name is not a domain.
markdown.linkify.set({ fuzzyLink: false, fuzzyEmail: false });
// Pictures from elsewhere are not fetched: a link says what is there.
markdown.renderer.rules['image'] = (tokens, index) => {
  const token = tokens[index];
  const escape = markdown.utils.escapeHtml;
  return `<a href="${escape(token?.attrGet('src') ?? '')}">${escape(token?.content || 'picture')}</a>`;
};

const purify = createDOMPurify(window);

/** The elements of a text. */
export function renderMarkdown(text: string): DocumentFragment {
  const fragment = purify.sanitize(markdown.render(visible(text)), {
    ALLOWED_TAGS,
    ALLOWED_ATTR,
    ALLOW_DATA_ATTR: false,
    ALLOW_ARIA_ATTR: false,
    ALLOWED_URI_REGEXP: /^(?:https?:|mailto:|file:|[^a-z]|[a-z][a-z0-9+.-]*(?:[^a-z0-9+.:-]|$|:\d))/i,
    RETURN_DOM_FRAGMENT: true,
  });
  // Long lines are scrolled: from the keyboard, too.
  for (const block of fragment.querySelectorAll('pre')) block.tabIndex = 0;
  return fragment;
}

/** Where the blocks of a text begin, as offsets. */
export function blockStarts(text: string): number[] {
  const lines = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) lines.push(at + 1);
  const tokens = markdown.parse(text, { references: {} });
  const starts = tokens.flatMap((token) =>
    token.level === 0 && token.nesting >= 0 && token.map ? [token.map[0]] : [],
  );
  return starts.map((line) => lines[line] ?? text.length);
}
