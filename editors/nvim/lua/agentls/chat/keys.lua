-- The keys of a chat's buffer. What is not an act of the chat itself is a sub-command of `:Agentls`.

local keys = require('agentls.keys')

local M = {}

---@type agentls.Key[]
M.keys = {
  { '<CR>', 'enter', 'open or close the card; follow what stands there' },
  { '<Tab>', 'toggle', 'open or close the card' },
  { 'za', 'toggle', 'open or close the card' },
  { 'zR', 'open_all', 'open all cards on screen' },
  { 'zM', 'close_all', 'close all cards' },
  { 'o', 'whole', 'open the whole text or output in a buffer' },
  { '=', 'diff', 'show what the call changed as a diff of two buffers' },
  { 'gf', 'goto_file', 'go to the file under the cursor, or of the card' },
  { ']]', 'next_prompt', 'next prompt' },
  { '[[', 'previous_prompt', 'previous prompt' },
  { 'i', 'prompt', 'go to the prompt' },
  { 'gx', 'cancel', 'stop the turn' },
  { 'gq', 'queue', 'edit or remove a prompt that waits' },
  { 'gr', 'review', 'review the changes of the turn' },
  { 'gc', 'context', 'what the model still sees' },
  { 'gF', 'fork', 'go on from this message in a new session' },
  { 'g<CR>', 'answer', 'go to the open question' },
  { 'q', 'hide', 'hide the chat' },
}

---@param chat agentls.Chat
function M.map(chat)
  local acts = require('agentls.chat.acts')
  keys.map(chat.buf, 'chat', M.keys, function(act)
    if acts[act] then
      return acts[act](chat)
    end
    require('agentls.command').run(act, '', chat)
  end)
end

return M
