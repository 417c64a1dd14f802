-- Sessions: the list as a view, a picker, and what can be done with one. The list is the server's; nothing is kept.

local activity = require('agentls.activity')
local buffers = require('agentls.chat.buffers')
local chats = require('agentls.chat')
local clean = require('agentls.clean')
local keys = require('agentls.keys')
local methods = require('agentls.protocol').methods
local painter = require('agentls.chat.painter')
local projects = require('agentls.project.cache')
local render = require('agentls.render.sessions')
local server = require('agentls.server')
local tell = require('agentls.tell')
local view = require('agentls.chat.view')
local windows = require('agentls.chat.windows')

local M = {}

local PAGE = 50

-- The view, while it is open.
local list = nil ---@type table?

---@type agentls.Key[]
M.keys = {
  { '<CR>', 'open', 'open the session' },
  { 'n', 'new', 'begin a session' },
  { 'r', 'rename', 'give it another title' },
  { 'f', 'fork', 'go on in a copy of it' },
  { 'a', 'archive', 'put it away, or bring it back' },
  { 'D', 'delete', 'delete it for good, after a question' },
  { 'e', 'export', 'write it to a file' },
  { 's', 'search', 'search titles' },
  { 'A', 'archived', 'show archived sessions, or the others' },
  { 'E', 'everywhere', 'show sessions of all directories, or of one' },
  { 'R', 'read', 'read the list again' },
  { 'q', 'close', 'close the list' },
}

---Asks for a title and gives it.
---@param session table
function M.rename(session)
  vim.ui.input({ prompt = 'Title: ', default = clean.one_line(session.title) }, function(title)
    if title and vim.trim(title) ~= '' then
      server.request(methods.session_rename, { sessionId = session.id, title = title }, tell.or_else(function(result)
        session.title = result.session.title
        local chat = chats.of(session.id)
        if chat then
          chat.session.title = session.title
          windows.label(chat)
        end
      end))
    end
  end)
end

---@param session_id string
---@param message_id string? the last message of the copy
function M.fork(session_id, message_id)
  server.request(methods.session_fork, { sessionId = session_id, messageId = message_id }, tell.or_else(function(result)
    chats.show(result.session)
  end))
end

---@param session table
---@param archived boolean
function M.archive(session, archived)
  server.request(methods.session_archive, { sessionId = session.id, archived = archived }, tell.or_else(function()
    tell.info((archived and 'put away: ' or 'brought back: ') .. clean.one_line(session.title, 80))
  end))
end

---Deletes a session once the person has chosen that, by words and not by a single key.
function M.delete(session)
  local options = { prompt = ('Delete “%s” for good?'):format(clean.one_line(session.title, 60)) }
  vim.ui.select({ 'Keep it', 'Delete it with all it holds' }, options, function(_, choice)
    if choice == 2 then
      server.request(methods.session_delete, { sessionId = session.id }, tell.or_else(function()
        chats.close(session.id)
      end))
    end
  end)
end

---Asks where to and writes it there; Markdown unless the name ends in `.json`.
function M.export(session)
  local default = vim.fs.joinpath(vim.fn.getcwd(), session.id .. '.md')
  vim.ui.input({ prompt = 'Export to: ', default = default, completion = 'file' }, function(path)
    if not path or path == '' then
      return
    end
    path = vim.fn.fnamemodify(path, ':p')
    local format = path:match('%.json$') and 'json' or 'markdown'
    local params = { sessionId = session.id, format = format, path = path }
    server.request(methods.session_export, params, tell.or_else(function(result)
      tell.info('written to ' .. result.path)
    end))
  end)
end

---Chooses a session with `vim.ui.select` and opens it.
function M.pick()
  server.request(methods.session_list, { limit = 100 }, tell.or_else(function(page)
    local options = {
      prompt = 'Sessions',
      kind = 'agentls-session',
      format_item = function(session)
        return render.line(session, activity.of(session.id), view.now(), projects.get)
      end,
    }
    vim.ui.select(page.sessions, options, function(session)
      if session then
        chats.show(session)
      end
    end)
  end))
end

local function draw()
  list.painter:set('list', render.blocks(list.sessions, {
    now = view.now(),
    activity = activity.of,
    archived = list.archived,
    search = list.search,
    more = list.cursor ~= nil,
    cwd = not list.everywhere and list.cwd or nil,
    project = projects.get,
  }))
end

---Leads the cursor from the heading to the first session.
local function to_first_session()
  local win = windows.showing(list.buf)
  local block = win and list.painter:at(vim.api.nvim_win_get_cursor(win)[1])
  if block and block.kind == 'heading' and #list.sessions > 0 then
    vim.api.nvim_win_set_cursor(win, { #block.lines + 1, 0 })
  end
end

---Reads the first page, or the next one.
local function read(more)
  local asked = list
  local params = {
    limit = PAGE,
    archived = list.archived,
    search = list.search,
    cursor = more and list.cursor or nil,
    cwd = not list.everywhere and list.cwd or nil,
  }
  server.request(methods.session_list, params, tell.or_else(function(page)
    if list ~= asked then
      return
    end
    list.sessions = more and vim.list_extend(list.sessions, page.sessions) or page.sessions
    list.cursor = page.nextCursor
    draw()
    to_first_session()
  end))
end

---A list changed: it is read again, once for many changes at a time.
function M.changed()
  if not list or list.due then
    return
  end
  list.due = true
  vim.defer_fn(function()
    if list then
      list.due = false
      read()
    end
  end, 200)
end

local acts = {}

function acts.new()
  acts.close()
  chats.new()
end

function acts.search()
  vim.ui.input({ prompt = 'Search titles: ', default = list.search }, function(text)
    if text and list then
      list.search = text ~= '' and text or nil
      read()
    end
  end)
end

function acts.archived()
  list.archived = not list.archived
  read()
end

function acts.everywhere()
  list.everywhere = not list.everywhere
  -- With the names of the projects, where the server keeps them.
  projects.read(function()
    if list then
      read()
    end
  end)
end

function acts.read()
  read()
end

function acts.close()
  vim.cmd.tabclose()
end

local of_session = {}

function of_session.open(session)
  acts.close()
  chats.show(session)
end

function of_session.rename(session)
  M.rename(session)
end

function of_session.fork(session)
  acts.close()
  M.fork(session.id)
end

function of_session.archive(session)
  M.archive(session, session.archivedAt == nil)
end

function of_session.delete(session)
  M.delete(session)
end

function of_session.export(session)
  M.export(session)
end

---What a key does: something with the list, or with the session under the cursor.
local function act(name)
  if acts[name] then
    return acts[name]()
  end
  local block = list.painter:at(vim.fn.line('.'))
  if block and block.action == 'more' then
    return read(true)
  elseif block and block.session then
    of_session[name](block.session)
  end
end

---Opens the list.
---@param cwd string? the directory whose sessions it shows at first; the current one when missing
function M.open(cwd)
  local buf = buffers.scratch('agentls://sessions', 'agentls-sessions')
  vim.bo[buf].bufhidden = 'wipe'
  list = { buf = buf, painter = painter.new(buf), sessions = {}, archived = false, everywhere = false, cwd = cwd or vim.fn.getcwd() }
  keys.map(buf, 'sessions', M.keys, act)
  vim.api.nvim_create_autocmd('BufWipeout', {
    buffer = buf,
    callback = function()
      list = nil
    end,
  })
  windows.open_view(buf, false)
  vim.wo[0][0].cursorline = true
  read()
end

return M
