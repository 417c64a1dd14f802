-- Draws blocks into a buffer: only the lines that changed are replaced, only changed blocks are marked anew.

local highlight = require('agentls.chat.highlight')
local layout = require('agentls.chat.layout')

local MARKS = vim.api.nvim_create_namespace('agentls.marks')

-- How long highlighting may hold the editor at a time.
local SLICE_MS = 5

-- What comes first in between: the screen, and keys.
local PAGE_FIRST_MS = 10

---@class agentls.Painter
---@field live boolean? whether what is drawn streams in right now
local Painter = {}
Painter.__index = Painter

local M = {}

---@param buf integer
function M.new(buf)
  return setmetatable({ buf = buf, layout = layout.new(), drawn = false, unparsed = {} }, Painter)
end

---@param buf integer
---@param row integer
---@param mark agentls.Mark
local function set_mark(buf, row, mark)
  local options = { strict = false }
  if mark.hl then
    options.hl_group, options.end_row, options.end_col = mark.hl, row + (mark.end_row or mark.row), mark.end_col
    options.priority = mark.priority
    options.conceal = mark.conceal
  end
  if mark.line_hl then
    options.line_hl_group = mark.line_hl
  end
  if mark.right then
    options.virt_text, options.virt_text_pos = mark.right, 'right_align'
  elseif mark.behind then
    options.virt_text, options.virt_text_pos = mark.behind, 'eol'
  end
  if next(options, next(options)) then
    vim.api.nvim_buf_set_extmark(buf, MARKS, row + mark.row, mark.col or 0, options)
  end
end

local function set_marks(buf, row, marks)
  for _, mark in ipairs(marks) do
    set_mark(buf, row, mark)
  end
end

---Highlights a block where it stands now, if it still does.
function Painter:_highlight(block)
  local row = vim.api.nvim_buf_is_loaded(self.buf) and self.layout:row_of_block(block)
  if not row then
    return
  end
  local captures = highlight.of(block, function()
    self:_highlight(block)
  end)
  if captures then
    return set_marks(self.buf, row, captures)
  end
  table.insert(self.unparsed, 1, block)
  self:_work_later()
end

---Has `_work` called soon, unless it will be anyhow.
function Painter:_work_later()
  if not self.at_work then
    self.at_work = true
    vim.defer_fn(function()
      self:_work()
    end, PAGE_FIRST_MS)
  end
end

---Highlights what waits, the newest first, a slice at a time.
function Painter:_work()
  local stop, left = vim.uv.hrtime() + SLICE_MS * 1e6, #self.unparsed
  while left > 0 and vim.uv.hrtime() < stop do
    left = left - 1
    self:_highlight(table.remove(self.unparsed))
  end
  self.at_work = false
  if #self.unparsed > 0 then
    self:_work_later()
  end
end

---Highlights blocks. What streams in is parsed with its paint, so that it does not flicker; a page is on the screen first.
function Painter:_highlight_all(blocks)
  local at_once = self.live and highlight.is_warm()
  for _, block in ipairs(blocks) do
    if block.captures or at_once then
      self:_highlight(block)
    else
      table.insert(self.unparsed, block)
    end
  end
  if #self.unparsed > 0 then
    self:_work_later()
  end
end

---@param change agentls.Replacement?
function Painter:_draw(change)
  if not change then
    return
  end
  local buf = self.buf
  vim.bo[buf].modifiable = true
  vim.api.nvim_buf_clear_namespace(buf, MARKS, change.marked_from, change.last)
  -- An empty buffer has a line that belongs to no block: the first thing drawn takes its place.
  local last = self.drawn and change.last or -1
  if change.first < change.last or #change.lines > 0 then
    vim.api.nvim_buf_set_lines(buf, change.first, last, false, change.lines)
    self.drawn = self.layout.height > 0
  end
  vim.bo[buf].modifiable = false
  vim.bo[buf].modified = false
  local texts = {}
  for _, placed in ipairs(change.blocks) do
    set_marks(buf, placed.row, placed.block.marks)
    if placed.block.lang then
      texts[#texts + 1] = placed.block
    end
  end
  self:_highlight_all(texts)
end

---Gives a group other blocks; a new group goes to the end, or before the group `before`.
---@param key string
---@param blocks agentls.Block[]
---@param before string?
function Painter:set(key, blocks, before)
  if not self.layout:place(key) then
    self.layout:insert(key, before and self.layout:place(before) or nil)
  end
  self:_draw(self.layout:set(key, blocks))
end

---Everything is gone.
function Painter:clear()
  vim.bo[self.buf].modifiable = true
  vim.api.nvim_buf_clear_namespace(self.buf, MARKS, 0, -1)
  vim.api.nvim_buf_set_lines(self.buf, 0, -1, false, {})
  vim.bo[self.buf].modifiable = false
  self.layout, self.drawn, self.unparsed = layout.new(), false, {}
end

---@param key string
---@return string? kind of the last block of a group
function Painter:last_kind(key)
  local group = self.layout:group(key)
  local last = group and group.blocks[#group.blocks]
  return last and last.kind
end

---What stands on a line of the buffer.
---@param line integer from 1
---@return agentls.Block?, integer? offset
function Painter:at(line)
  return self.layout:at(line - 1)
end

---Draws blocks into a buffer of their own, once and for all.
---@param buf integer
---@param blocks agentls.Block[]
---@return agentls.Painter
function M.fill(buf, blocks)
  local painter = M.new(buf)
  painter:set('all', blocks)
  return painter
end

return M
