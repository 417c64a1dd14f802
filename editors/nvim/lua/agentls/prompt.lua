-- The prompt below a chat: written like any text, sent as a whole, with what was sent before at hand.

local chat_windows = require('agentls.chat.windows')
local mention = require('agentls.mention')
local methods = require('agentls.protocol').methods
local server = require('agentls.server')
local tell = require('agentls.tell')

local M = {}

---@type { [1]: string, [2]: string, [3]: string, mode: string? }[] key, act, what it does
M.keys = {
  { '<CR>', 'send', 'send; while a turn runs, wait for its end' },
  { '<C-s>', 'send', 'the same, in insert mode too', mode = 'ni' },
  { 'gs', 'steer', 'send into the running turn, at its next safe point' },
  { 'gi', 'interrupt', 'stop the running turn, then send' },
  { 'gx', 'stop', 'stop the running turn' },
  { '<C-p>', 'older', 'an older prompt (insert mode, without a menu)', mode = 'i' },
  { '<C-n>', 'newer', 'a newer prompt (insert mode, without a menu)', mode = 'i' },
  { 'gq', 'queue', 'edit or remove a prompt that waits' },
  { 'gm', 'model', 'choose the model' },
  { 'g<CR>', 'answer', 'go to the open question' },
  { '?', 'help', 'show these keys' },
  { 'g?', 'help', 'show these keys' },
}

local function text_of(buf)
  return table.concat(vim.api.nvim_buf_get_lines(buf, 0, -1, false), '\n')
end

---Puts a text into the prompt.
---@param chat agentls.Chat
---@param text string
function M.put(chat, text)
  local lines = vim.split(text, '\n', { plain = true })
  vim.api.nvim_buf_set_lines(chat.prompt_buf, 0, -1, false, lines)
  local win = chat_windows.showing(chat.prompt_buf)
  if win then
    vim.api.nvim_win_set_cursor(win, { #lines, #lines[#lines] })
  end
end

---Adds a text behind what stands in the prompt.
function M.add(chat, text)
  local before = text_of(chat.prompt_buf)
  local apart = (before == '' or before:match('%s$')) and '' or ' '
  M.put(chat, before .. apart .. text)
end

-- Failures of a prompt that the chat shows by itself.
local QUIET = { interrupted = true, serverGone = true }

---Sends parts. A failure puts the text back where nothing was written meanwhile.
---@param chat agentls.Chat
---@param parts table[]
---@param delivery string?
---@param text string? what the person wrote
function M.submit(chat, parts, delivery, text)
  local params = {
    sessionId = chat.session.id,
    parts = parts,
    clientId = ('nvim-%d-%d'):format(vim.fn.getpid(), vim.uv.hrtime()),
    delivery = delivery,
    model = chat.wanted_model,
    agent = chat.wanted_agent,
  }
  chat.wanted_model, chat.wanted_agent, chat.transcript.error = nil, nil, nil
  server.request(methods.session_prompt, params, function(failure)
    -- What was accepted is in the session, with its failure; what was withdrawn is where the person wanted it.
    if not failure or chat.transcript.error or QUIET[failure.kind] then
      return
    end
    if text and text_of(chat.prompt_buf) == '' then
      M.put(chat, text)
    end
    tell.failure(failure)
  end)
end

---@param delivery string?
local function send(chat, delivery)
  local text = vim.trim(text_of(chat.prompt_buf))
  if text == '' then
    return
  end
  chat.sent = chat.sent or {}
  table.insert(chat.sent, text)
  chat.recalled = nil
  vim.api.nvim_buf_set_lines(chat.prompt_buf, 0, -1, false, {})
  if require('agentls.slash').run(chat, text) then
    return
  end
  local win = chat_windows.showing(chat.buf)
  if win then
    vim.api.nvim_win_set_cursor(win, { vim.api.nvim_buf_line_count(chat.buf), 0 })
  end
  M.submit(chat, mention.parts(text, chat.session.cwd), delivery, text)
end

---Sends a text that was not written in the prompt.
---@param chat agentls.Chat
---@param text string
function M.send_text(chat, text)
  if vim.trim(text) == '' then
    return M.focus(chat)
  end
  M.submit(chat, mention.parts(text, chat.session.cwd))
end

---Moves the cursor to the end of the prompt, ready to write.
function M.focus(chat)
  chat_windows.show(chat)
  vim.cmd.startinsert({ bang = true })
end

local acts = {}

function acts.send(chat)
  send(chat)
end

function acts.steer(chat)
  send(chat, 'steer')
end

function acts.interrupt(chat)
  send(chat, 'interrupt')
end

---Prompts of this chat, oldest first: those on screen and those sent since.
local function history(chat)
  local texts, seen = {}, {}
  local function add(text)
    if text ~= '' and not seen[text] then
      seen[text] = true
      texts[#texts + 1] = text
    end
  end
  for _, message in ipairs(chat.transcript.messages) do
    local first = message.role == 'user' and message.parts[1]
    if first and first.type == 'text' then
      add(vim.trim(first.text.text))
    end
  end
  for _, text in ipairs(chat.sent or {}) do
    add(text)
  end
  return texts
end

---Goes `by` steps through the prompts; behind the newest stands what was being written.
local function recall(chat, by)
  local texts = history(chat)
  if not chat.recalled then
    chat.recalled = #texts + 1
    chat.draft = text_of(chat.prompt_buf)
  end
  chat.recalled = math.max(1, math.min(#texts + 1, chat.recalled + by))
  M.put(chat, texts[chat.recalled] or chat.draft)
end

function acts.older(chat)
  recall(chat, -1)
end

function acts.newer(chat)
  recall(chat, 1)
end

function acts.stop(chat)
  require('agentls.chat.acts').stop(chat)
end

function acts.queue(chat)
  require('agentls.queue').edit(chat)
end

function acts.model(chat)
  require('agentls.models').choose(chat)
end

function acts.answer()
  require('agentls.questions').focus()
end

function acts.help()
  require('agentls.keyhelp').show('Prompt', M.keys)
end

---Keys of a menu stay keys of the menu.
local function map_insert(chat, key)
  vim.keymap.set('i', key[1], function()
    if vim.fn.pumvisible() == 1 and key[1] ~= '<C-s>' then
      return key[1]
    end
    vim.schedule(function()
      acts[key[2]](chat)
    end)
    return ''
  end, { buffer = chat.prompt_buf, expr = true, replace_keycodes = true, desc = 'agentls: ' .. key[3] })
end

---Gives the prompt's buffer its keys and its completion.
---@param chat agentls.Chat
function M.equip(chat)
  local buf = chat.prompt_buf
  for _, key in ipairs(M.keys) do
    local modes = key.mode or 'n'
    if modes:find('i') then
      map_insert(chat, key)
    end
    if modes:find('n') then
      vim.keymap.set('n', key[1], function()
        acts[key[2]](chat)
      end, { buffer = buf, nowait = true, desc = 'agentls: ' .. key[3] })
    end
  end
  vim.bo[buf].omnifunc = "v:lua.require'agentls.complete'.omnifunc"
  vim.api.nvim_create_autocmd('TextChangedI', {
    buffer = buf,
    callback = function()
      require('agentls.complete').offer(chat)
    end,
  })
end

return M
