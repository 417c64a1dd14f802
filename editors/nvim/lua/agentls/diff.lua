-- Edits in Neovim's own diff mode: what was, beside what is.

local buffers = require('agentls.chat.buffers')
local call = require('agentls.render.call')
local chats_history = require('agentls.chat.history')
local clean = require('agentls.clean')
local methods = require('agentls.protocol').methods
local server = require('agentls.server')
local tell = require('agentls.tell')

local M = {}

---The text before an edit, from the text after it. Pure.
---@param text string
---@param arguments table of the tool `edit`
---@return string? before nothing where the edit cannot be found any more
function M.before_edit(text, arguments)
  local old, new = arguments.oldText, arguments.newText
  if type(old) ~= 'string' or type(new) ~= 'string' or new == '' then
    return nil
  end
  local first, last = text:find(new, 1, true)
  if not first or (not arguments.replaceAll and text:find(new, last + 1, true)) then
    return nil
  end
  if arguments.replaceAll then
    return (text:gsub(vim.pesc(new), (old:gsub('%%', '%%%%'))))
  end
  return text:sub(1, first - 1) .. old .. text:sub(last + 1)
end

local function lines_of(text)
  return vim.split((text:gsub('\n$', '')), '\n', { plain = true })
end

---Shows a file as it was beside what it is now, in a tab page of its own.
---@param name string
---@param before string
---@param path string
function M.show(name, before, path)
  vim.cmd('tab split')
  vim.cmd.edit(vim.fn.fnameescape(path))
  local filetype = vim.filetype.match({ filename = path }) or ''
  vim.cmd('diffthis')
  local buf = buffers.text(('agentls://before %s'):format(name), lines_of(before), filetype)
  vim.cmd('leftabove vertical split')
  vim.api.nvim_win_set_buf(0, buf)
  vim.cmd('diffthis')
  vim.cmd('wincmd p')
  vim.keymap.set('n', 'q', '<Cmd>tabclose<CR>', { buffer = buf, nowait = true })
end

---The text of a file as Neovim has it.
---@return string?
function M.current_text(path)
  local buf = vim.fn.bufnr(path)
  if buf ~= -1 and vim.api.nvim_buf_is_loaded(buf) then
    return table.concat(vim.api.nvim_buf_get_lines(buf, 0, -1, false), '\n') .. '\n'
  end
  local file = io.open(path, 'rb')
  if not file then
    return nil
  end
  local text = file:read('a')
  file:close()
  return text
end

---Shows a file before and after a turn, as the server kept it.
---@param name string
function M.of_change(session_id, message_id, path, uri, name)
  local params = { sessionId = session_id, messageId = message_id, path = path, side = 'before' }
  server.request(methods.change_read, params, tell.or_else(function(before)
    M.show(name, before.text, vim.uri_to_fname(uri))
  end))
end

---The files of a turn that a call names: by its path, or anywhere in a patch. All of them where it names none. Pure.
---@param files table[] of `session/changes`
---@param part table a tool call
function M.files_of(files, part)
  local arguments = call.arguments(part)
  local path = type(arguments.path) == 'string' and vim.fs.normalize(arguments.path) or nil
  local named = vim.tbl_filter(function(file)
    local uri_path = vim.uri_to_fname(file.uri)
    return path == file.path or path == uri_path or (not path and part.input.text:find(file.path, 1, true) ~= nil)
  end, files)
  return #named > 0 and named or files
end

---Shows a file that the call changed, as it was before its turn.
local function show_turn(chat, part)
  local params = { sessionId = chat.session.id, messageId = part.messageId }
  server.request(methods.session_changes, params, tell.or_else(function(changes)
    local files = M.files_of(changes.files, part)
    if #files == 0 then
      return tell.info('this turn changed no file')
    end
    local function show(file)
      if file then
        M.of_change(chat.session.id, changes.messageId, file.path, file.uri, changes.messageId .. '/' .. file.path)
      end
    end
    if #files == 1 then
      return show(files[1])
    end
    local options = {
      prompt = 'Changed files',
      format_item = function(file)
        return clean.one_line(file.path, 200)
      end,
    }
    vim.ui.select(files, options, show)
  end))
end

---Shows the edit alone where it is still found in the file, else all that its turn changed there.
local function show_edit(chat, part)
  local arguments = call.arguments(part)
  local given = tostring(arguments.path or '')
  local path = given:sub(1, 1) == '/' and given or vim.fs.joinpath(chat.session.cwd, given)
  local text = M.current_text(path)
  local before = text and M.before_edit(text, arguments)
  if not before then
    return show_turn(chat, part)
  end
  M.show(part.id, before, path)
end

---Shows what a tool call changed.
---@param chat agentls.Chat
---@param part table
function M.of_call(chat, part)
  local show = part.tool == 'edit' and show_edit or show_turn
  if not part.input.truncated then
    return show(chat, part)
  end
  chats_history.read(part.id, 'input', function(text, bytes)
    show(chat, vim.tbl_extend('force', part, { input = { text = text, bytes = bytes, truncated = false } }))
  end)
end

return M
