// Where a webview begins: the page that its body names.

import '@vscode/codicons/dist/codicon.css';
import './styles/base.css';
import './styles/chat.css';
import './styles/below.css';
import './styles/compose.css';
import './styles/code.css';
import './styles/context.css';
import { Chat } from './chat';
import { ContextPage } from './context/page';
import { h } from './dom';

const { body } = document;
const page = h('main');
body.append(page);
if (body.dataset['page'] === 'context') new ContextPage(page);
else new Chat(page);
