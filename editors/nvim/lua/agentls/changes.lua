-- Reviewing what a turn changed: hunk by hunk accepted or rejected. The server keeps the changes and puts old lines back.

local buffers = require('agentls.chat.buffers')
local diff = require('agentls.diff')
local keys = require('agentls.keys')
local methods = require('agentls.protocol').methods
local painter = require('agentls.chat.painter')
local render = require('agentls.render.changes')
local server = require('agentls.server')
local tell = require('agentls.tell')
local windows = require('agentls.chat.windows')

local M = {}

---@type agentls.Key[]
M.keys = {
  { 'a', 'accept', 'accept the hunk, or all open ones of the file' },
  { 'x', 'reject', 'reject the hunk, or all open ones of the file: its old lines come back' },
  { 'gA', 'accept_all', 'accept everything that is open' },
  { 'gX', 'reject_all', 'reject everything that is open, after a question' },
  { ']c', 'next', 'next hunk' },
  { '[c', 'previous', 'previous hunk' },
  { '=', 'diff', 'the file before the turn beside the file now' },
  { '<CR>', 'jump', 'go to the place in the file' },
  { 'R', 'read', 'read the changes again' },
  { 'q', 'close', 'close the review' },
}

local Review = {}
Review.__index = Review

function Review:_draw(changes)
  if not vim.api.nvim_buf_is_valid(self.buf) then
    return
  end
  self.changes = changes
  self.painter:set('changes', render.blocks(changes, self.waiting))
end

---Marks the open hunks that are named as ones whose rejection waits for the end of the turn, or unmarks them.
function Review:_mark_waiting(what, waits)
  for _, file in ipairs(self.changes.files) do
    for _, hunk in ipairs(file.hunks) do
      local named = (not what.path or what.path == file.path) and (not what.hunkId or what.hunkId == hunk.id)
      if named and hunk.verdict == 'open' then
        self.waiting[render.key(file, hunk)] = waits
      end
    end
  end
  self:_draw(self.changes)
end

---@param what table `path`, `hunkId`
function Review:_judge(verdict, what)
  local params = vim.tbl_extend('error', {
    sessionId = self.session_id,
    messageId = self.changes.messageId,
    verdict = verdict,
  }, what)
  local waits = verdict == 'rejected' and self.changes.running
  if waits then
    self:_mark_waiting(what, true)
    self:next()
  end
  server.request(methods.session_review, params, function(failure, changes)
    if waits then
      self:_mark_waiting(what, nil)
    end
    if failure then
      return tell.failure(failure)
    end
    self:_draw(changes)
    require('agentls.documents').reload_changed()
    if not waits then
      self:next()
    end
  end)
end

---The hunk or the file under the cursor, as `session/review` names it.
function Review:_here()
  local block = self.painter:at(vim.fn.line('.'))
  if not block or not block.file then
    return nil
  end
  return { path = block.file.path, hunkId = block.hunk and block.hunk.id or nil }, block
end

function Review:accept()
  local what = self:_here()
  if what then
    self:_judge('accepted', what)
  end
end

function Review:reject()
  local what, block = self:_here()
  if what and block.hunk and not block.hunk.applies then
    return tell.warn('the file was changed since: this hunk cannot be taken back by itself')
  end
  if what then
    self:_judge('rejected', what)
  end
end

function Review:accept_all()
  self:_judge('accepted', {})
end

function Review:reject_all()
  vim.ui.select({ 'Keep them', 'Reject all open hunks' }, { prompt = 'Reject everything?' }, function(_, choice)
    if choice == 2 then
      self:_judge('rejected', {})
    end
  end)
end

---The lines on which hunks begin.
function Review:_hunk_lines(only_open)
  local lines = {}
  self.painter.layout:between(0, math.huge, function(block, row)
    if block.hunk and (not only_open or block.hunk.verdict == 'open') then
      lines[#lines + 1] = row + 1
    end
  end)
  table.sort(lines)
  return lines
end

function Review:next()
  local now = vim.fn.line('.')
  for _, line in ipairs(self:_hunk_lines(false)) do
    if line > now then
      return vim.api.nvim_win_set_cursor(0, { line, 0 })
    end
  end
end

function Review:previous()
  local now, best = vim.fn.line('.'), nil
  for _, line in ipairs(self:_hunk_lines(false)) do
    best = line < now and line or best
  end
  return best and vim.api.nvim_win_set_cursor(0, { best, 0 })
end

function Review:diff()
  local _, block = self:_here()
  if block then
    local file = block.file
    diff.of_change(self.session_id, self.changes.messageId, file.path, file.uri, self.changes.messageId .. '/' .. file.path)
  end
end

function Review:jump()
  local _, block = self:_here()
  if block then
    require('agentls.chat.acts').edit(vim.uri_to_fname(block.file.uri), block.hunk and math.max(1, block.hunk.newStart))
  end
end

function Review:read()
  local params = { sessionId = self.session_id, messageId = self.message_id }
  server.request(methods.session_changes, params, tell.or_else(function(changes)
    self:_draw(changes)
    local first = self:_hunk_lines(true)[1]
    if first and vim.api.nvim_get_current_buf() == self.buf then
      vim.api.nvim_win_set_cursor(0, { first, 0 })
    end
  end))
end

function Review.close()
  vim.cmd.tabclose()
end

---Opens the review of the newest turn that changed files.
---@param chat agentls.Chat
function M.review(chat)
  local self = setmetatable({ session_id = chat.session.id, waiting = {} }, Review)
  self.buf = buffers.scratch('agentls://changes ' .. chat.session.id, 'agentls-view')
  vim.bo[self.buf].bufhidden = 'wipe'
  self.painter = painter.new(self.buf)
  keys.map(self.buf, 'review', M.keys, function(act)
    self[act](self)
  end)
  windows.open_view(self.buf, false)
  self:read()
end

return M
