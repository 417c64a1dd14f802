// A model that says nothing and a participant that does nothing: without them the editor's own chat takes no request.

const vscode = require('vscode');

exports.activate = ({ subscriptions }) => {
  const model = { provideLanguageModelResponse: async () => undefined, provideTokenCount: async () => 1 };
  const about = {
    name: 'Test',
    vendor: 'test',
    family: 'test',
    version: '1',
    maxInputTokens: 9_999,
    maxOutputTokens: 99,
  };
  const shown = { isDefault: true, isUserSelectable: true };
  subscriptions.push(
    vscode.lm.registerChatModelProvider('test-model', model, { ...about, ...shown }),
    vscode.chat.createChatParticipant('test.default', () => ({})),
  );
};
