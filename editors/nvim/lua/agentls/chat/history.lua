-- Reads what a chat shows: the newest page when it is opened, older pages as they are scrolled to, whole texts on demand.

local methods = require('agentls.protocol').methods
local server = require('agentls.server')
local tell = require('agentls.tell')
local windows = require('agentls.chat.windows')

local M = {}

-- Messages of a page.
local PAGE = 40
-- Older ones are read when fewer lines than this are above the window.
local NEAR_TOP = 15
-- A text that is cut off is completed by itself up to this size.
local WHOLE_TEXT_BYTES = 128 * 1024

---Completes the texts of messages whose beginnings came with a page. Tool output waits until somebody opens it.
local function complete(chat, messages)
  for _, message in ipairs(messages) do
    for _, part in ipairs(message.parts) do
      if part.type == 'text' and part.text.truncated and part.text.bytes <= WHOLE_TEXT_BYTES and not message.summary then
        M.whole(chat, part.id, 'text')
      end
    end
  end
end

---Draws new messages, and the one behind them, which may now go on where they end.
local function draw(chat, new)
  for _, message in ipairs(new) do
    chat.view:touch(message.id)
  end
  local last = new[#new]
  for at, message in ipairs(chat.transcript.messages) do
    if last and message.id == last.id then
      local behind = chat.transcript.messages[at + 1]
      chat.view:touch(behind and behind.id)
      break
    end
  end
  chat.view:paint()
  complete(chat, new)
end

---Reads the session with its todo list.
local function read_session(chat, done)
  server.request(methods.session_get, { sessionId = chat.session.id }, function(failure, result)
    if failure then
      return
    end
    chat.session = result.session
    chat.transcript.todo = result.todo or chat.transcript.todo
    chat.transcript:take_end(result.session)
    return done and done(result.session)
  end)
end

---Reads what comes with updates only while something runs.
local function read_state(chat)
  read_session(chat, function()
    chat.view:touch()
  end)
  server.request(methods.session_context, { sessionId = chat.session.id }, function(failure, report)
    if not failure and not chat.transcript.context then
      chat.transcript.context = { used = report.used, limit = report.limit }
      windows.label(chat)
    end
  end)
  server.request(methods.session_queue, { sessionId = chat.session.id }, function(failure, result)
    if not failure then
      chat.transcript.queue = result.prompts
      chat.view:touch()
    end
  end)
end

---Reads the newest page.
---@param chat agentls.Chat
---@param done function?
function M.load(chat, done)
  local params = { sessionId = chat.session.id, limit = PAGE }
  server.request(methods.session_messages, params, function(failure, page)
    if failure then
      tell.failure(failure)
      return done and done()
    end
    draw(chat, chat.transcript:enter_page(page))
    read_state(chat)
    return done and done()
  end)
end

---Reads session and newest page again: something was missed.
function M.reload(chat)
  read_session(chat, function(session)
    chat.transcript.status = { status = session.status }
    windows.label(chat)
    local params = { sessionId = chat.session.id, limit = PAGE }
    server.request(methods.session_messages, params, function(problem, page)
      if not problem then
        chat.transcript:enter_page(page)
        chat.view:redraw()
      end
    end)
  end)
end

---Reads the page before what is shown. Windows keep showing the same lines.
---@param chat agentls.Chat
---@param done function?
function M.older(chat, done)
  local oldest = chat.transcript.messages[1]
  if chat.loading_older or not chat.transcript.has_before or not oldest then
    return done and done()
  end
  chat.loading_older = true
  local params = { sessionId = chat.session.id, before = oldest.id, limit = PAGE }
  server.request(methods.session_messages, params, function(failure, page)
    chat.loading_older = false
    if failure then
      return tell.failure(failure)
    end
    draw(chat, chat.transcript:enter_page(page))
    return done and done()
  end)
end

---Reads older pages when a window comes near the first line.
function M.watch(chat)
  local function look()
    if not vim.api.nvim_buf_is_valid(chat.buf) then
      return true
    end
    local win = windows.showing(chat.buf)
    if win and vim.fn.line('w0', win) <= NEAR_TOP then
      M.older(chat)
    end
  end
  vim.api.nvim_create_autocmd('CursorMoved', { buffer = chat.buf, callback = look })
  -- This event goes by windows, not by buffers.
  vim.api.nvim_create_autocmd('WinScrolled', { callback = look })
end

-- One answer of `part/read` at most.
local RANGE_BYTES = 1024 * 1024

---Reads a field of a part to its end.
---@param part_id string
---@param field string
---@param done fun(text: string, bytes: integer)
---@param most integer? bytes after which it is enough
function M.read(part_id, field, done, most)
  local pieces, offset = {}, 0
  local function next_range()
    local params = { partId = part_id, field = field, offset = offset, limit = RANGE_BYTES }
    server.request(methods.part_read, params, tell.or_else(function(range)
      pieces[#pieces + 1] = range.text or range.base64 or ''
      offset = range.offset + #(range.text or '')
      if range.eof or not range.text or (most and offset >= most) then
        return done(table.concat(pieces), range.bytes)
      end
      next_range()
    end))
  end
  next_range()
end

---Puts the whole of a field in the place of its beginning.
---@param chat agentls.Chat
function M.whole(chat, part_id, field)
  M.read(part_id, field, function(text, bytes)
    local part = chat.transcript:fill(part_id, field, text, bytes)
    chat.view:touch(part and part.messageId)
  end)
end

return M
