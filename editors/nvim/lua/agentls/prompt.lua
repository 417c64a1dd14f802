-- The prompt below a chat: written like any text, sent as a whole, with what was sent before at hand.

local chat_windows = require('agentls.chat.windows')
local keys = require('agentls.keys')
local mention = require('agentls.mention')
local methods = require('agentls.protocol').methods
local server = require('agentls.server')
local tell = require('agentls.tell')

local M = {}

---@type agentls.Key[] what is not an act of the prompt itself is a sub-command of `:Agentls`
M.keys = {
  { '<CR>', 'send', 'send; while a turn runs, wait for its end' },
  { '<C-s>', 'send', 'the same, in insert mode too', mode = 'ni' },
  { 'gs', 'steer', 'send into the running turn, at its next safe point' },
  { 'gi', 'interrupt', 'stop the running turn, then send' },
  { 'gx', 'cancel', 'stop the running turn' },
  { '<C-p>', 'older', 'an older prompt (insert mode, without a menu)', mode = 'i', menu = true },
  { '<C-n>', 'newer', 'a newer prompt (insert mode, without a menu)', mode = 'i', menu = true },
  { 'gq', 'queue', 'edit or remove a prompt that waits' },
  { 'ga', 'agent', 'choose the agent' },
  { 'gm', 'model', 'choose the model' },
  { 'gp', 'image', 'put the image of the clipboard here' },
  { 'g<CR>', 'answer', 'go to the open question' },
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

---Puts a text before what stands in the prompt, as lines of its own.
function M.put_before(chat, text)
  local behind = text_of(chat.prompt_buf)
  M.put(chat, behind == '' and text or text .. '\n\n' .. behind)
end

-- Failures of a prompt that the chat shows by itself.
local QUIET = { interrupted = true, serverGone = true }

-- Cures that are a key here.
local CURES = { sessionBusy = 'wait for the end of its turn; gi in the prompt stops it and takes over' }

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
  -- The server keeps both for the prompts that follow.
  chat.wanted_model, chat.wanted_agent, chat.transcript.error = nil, nil, nil
  server.request(methods.session_prompt, params, function(failure, result)
    if result then
      chat.transcript.ended = result.stopReason
      chat.view:touch()
    end
    -- What was accepted is in the session, with its failure; what was withdrawn is where the person wanted it.
    if not failure or chat.transcript.error or QUIET[failure.kind] then
      return
    end
    chat.wanted_model, chat.wanted_agent = chat.wanted_model or params.model, chat.wanted_agent or params.agent
    if text and text_of(chat.prompt_buf) == '' then
      M.put(chat, text)
    end
    failure.cure = CURES[failure.kind] or failure.cure
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
M.acts = acts

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

---Gives the prompt's buffer its keys and its completion.
---@param chat agentls.Chat
function M.equip(chat)
  local buf = chat.prompt_buf
  keys.map(buf, 'prompt', M.keys, function(act)
    if acts[act] then
      return acts[act](chat)
    end
    require('agentls.command').run(act, '', chat)
  end)
  vim.bo[buf].omnifunc = "v:lua.require'agentls.complete'.omnifunc"
  vim.api.nvim_create_autocmd('InsertEnter', {
    buffer = buf,
    callback = function()
      chat.slashed = false
    end,
  })
  vim.api.nvim_create_autocmd('TextChangedI', {
    buffer = buf,
    callback = function()
      require('agentls.complete').offer(chat)
    end,
  })
end

return M
