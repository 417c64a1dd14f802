-- The chats that are open: one for each session, with its buffer, its prompt and what is drawn. Nothing of a session is
-- kept here but what is on screen; a chat that is closed is forgotten, and the server has it all.

local buffers = require('agentls.chat.buffers')
local history = require('agentls.chat.history')
local methods = require('agentls.protocol').methods
local projects = require('agentls.project.cache')
local server = require('agentls.server')
local tell = require('agentls.tell')
local transcript = require('agentls.transcript')
local view = require('agentls.chat.view')
local windows = require('agentls.chat.windows')

---@class agentls.Chat
---@field session table
---@field transcript agentls.Transcript
---@field view table
---@field buf integer
---@field prompt_buf integer
---@field wanted_agent string? that the person chose for the next prompt
---@field wanted_model table? the same of the model
---@field commands table[]? of the server, as they were when a `/` was typed last
---@field slashed boolean? whether the prompt that is written begins with one

local M = {}

local chats = {} ---@type table<string, agentls.Chat> by session
local newest ---@type string? the session that was shown last

---@param session table
---@return agentls.Chat
local function make(session)
  local chat = { session = session, transcript = transcript.new() }
  chat.transcript.status.status = session.status
  chat.buf, chat.prompt_buf = buffers.make(session)
  chat.view = view.new(chat.buf, chat.transcript)
  chats[session.id] = chat
  -- Without one of its buffers a chat is closed: the other one goes, too.
  for _, buf in ipairs({ chat.buf, chat.prompt_buf }) do
    vim.api.nvim_create_autocmd('BufWipeout', {
      buffer = buf,
      callback = vim.schedule_wrap(function()
        if chats[session.id] == chat then
          M.close(session.id)
          chats[session.id] = nil
        end
      end),
    })
  end
  vim.api.nvim_create_autocmd({ 'BufEnter', 'WinEnter' }, {
    buffer = chat.buf,
    callback = function()
      newest = session.id
    end,
  })
  require('agentls.chat.keys').map(chat)
  require('agentls.prompt').equip(chat)
  history.watch(chat)
  projects.want(session.projectId, function()
    windows.label(chat)
  end)
  return chat
end

---Shows a session, and reads its newest page when it was not open.
---@param session table as the server gave it
---@param done fun(chat: agentls.Chat)?
function M.show(session, done)
  local chat = chats[session.id]
  newest = session.id
  if chat then
    windows.show(chat)
    return done and done(chat)
  end
  chat = make(session)
  windows.show(chat)
  history.load(chat, function()
    return done and done(chat)
  end)
end

---Opens a session by its id.
---@param id string
---@param done fun(chat: agentls.Chat)?
function M.open(id, done)
  if chats[id] then
    return M.show(chats[id].session, done)
  end
  server.request(methods.session_get, { sessionId = id }, function(failure, result)
    if failure then
      return tell.failure(failure)
    end
    M.show(result.session, done)
  end)
end

---Makes a session that works in the current directory, and shows it.
---@param params table? more for `session/new`
---@param done fun(chat: agentls.Chat)?
function M.new(params, done)
  params = vim.tbl_extend('keep', params or {}, { cwd = vim.fn.getcwd() })
  server.request(methods.session_new, params, function(failure, result)
    if failure then
      return tell.failure(failure)
    end
    M.show(result.session, done)
  end)
end

---The chat that a command means: that of the current buffer, else the one shown last.
---@return agentls.Chat?
function M.current()
  local here = vim.api.nvim_get_current_buf()
  for _, chat in pairs(chats) do
    if here == chat.buf or here == chat.prompt_buf then
      return chat
    end
  end
  return chats[newest]
end

---Calls `act` with the chat that a command means; with a new one where there is none.
---@param act fun(chat: agentls.Chat)
function M.with(act)
  local chat = M.current()
  if chat then
    return act(chat)
  end
  M.new(nil, act)
end

---Calls `act` with the chat that a command means, or says that there is none.
---@param act fun(chat: agentls.Chat)
function M.require(act)
  local chat = M.current()
  if not chat then
    return tell.warn('no session is open (:Agentls new, :Agentls resume)')
  end
  act(chat)
end

---Shows or hides the chat that was shown last; where none is open, makes one.
function M.toggle()
  local chat = M.current()
  if not chat then
    return M.new()
  end
  if windows.showing(chat.buf) then
    return windows.hide(chat)
  end
  windows.show(chat)
end

---@return agentls.Chat?
function M.of(session_id)
  return chats[session_id]
end

---@return table<string, agentls.Chat>
function M.all()
  return chats
end

---Forgets a chat, with its buffers.
function M.close(session_id)
  local chat = chats[session_id]
  if chat then
    for _, buf in ipairs({ chat.prompt_buf, chat.buf }) do
      if vim.api.nvim_buf_is_valid(buf) then
        vim.api.nvim_buf_delete(buf, { force = true })
      end
    end
  end
end

---Takes a `session/update`.
function M.update(params)
  local chat = chats[params.sessionId]
  if not chat then
    return
  end
  local update = params.update
  if update.kind == 'title' then
    chat.session.title = update.title
  elseif update.kind == 'message' then
    chat.session.model = update.message.model or chat.session.model
    chat.session.agent = update.message.agent or chat.session.agent
  end
  local message_id, gap = chat.transcript:apply(params, view.now())
  if gap then
    history.reload(chat)
  end
  chat.view:touch(message_id)
  if update.kind ~= 'partDelta' and update.kind ~= 'part' then
    windows.label(chat)
  end
end

---The server is not there, or is there again.
---@param failure agentls.Failure?
function M.server_changed(failure)
  for _, chat in pairs(chats) do
    chat.view.down = failure
    chat.transcript:expect_any()
    if failure then
      chat.transcript.status = { status = 'idle' }
      chat.view:touch()
      windows.label(chat)
    else
      history.reload(chat)
    end
  end
end

return M
