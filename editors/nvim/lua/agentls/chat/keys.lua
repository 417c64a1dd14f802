-- The keys of a chat's buffer. Each is a plain mapping of that buffer only, with a `<Plug>` name behind it.

local M = {}

---@class agentls.Key
---@field [1] string key
---@field [2] string act, in agentls.chat.acts
---@field [3] string what it does, for the help

---@type agentls.Key[]
M.keys = {
  { '<CR>', 'enter', 'open or close the card; follow what stands there' },
  { '<Tab>', 'toggle', 'open or close the card' },
  { 'za', 'toggle', 'open or close the card' },
  { 'zR', 'open_all', 'open all cards on screen' },
  { 'zM', 'close_all', 'close all cards' },
  { 'o', 'whole', 'open the whole text or output in a buffer' },
  { '=', 'diff', 'show the edit as a diff of two buffers' },
  { 'gf', 'goto_file', 'go to the file under the cursor, or of the card' },
  { ']]', 'next_prompt', 'next prompt' },
  { '[[', 'previous_prompt', 'previous prompt' },
  { 'i', 'prompt', 'go to the prompt' },
  { 'gx', 'stop', 'stop the turn' },
  { 'gq', 'queue', 'edit or remove a prompt that waits' },
  { 'gr', 'review', 'review the changes of the turn' },
  { 'gc', 'context', 'what the model still sees' },
  { 'gF', 'fork', 'go on from this message in a new session' },
  { 'g<CR>', 'answer', 'go to the open question' },
  { 'q', 'hide', 'hide the chat' },
  { '?', 'help', 'show these keys' },
  { 'g?', 'help', 'show these keys' },
}

---@param chat agentls.Chat
function M.map(chat)
  local acts = require('agentls.chat.acts')
  for _, key in ipairs(M.keys) do
    vim.keymap.set('n', key[1], function()
      acts[key[2]](chat)
    end, { buffer = chat.buf, nowait = true, silent = true, desc = 'agentls: ' .. key[3] })
  end
end

return M
