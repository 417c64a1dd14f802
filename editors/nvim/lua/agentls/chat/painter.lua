-- Draws blocks into a buffer: only the lines that changed are replaced, only changed blocks are marked anew.

local highlight = require('agentls.chat.highlight')
local layout = require('agentls.chat.layout')

local MARKS = vim.api.nvim_create_namespace('agentls.marks')

---@class agentls.Painter
local Painter = {}
Painter.__index = Painter

local M = {}

---@param buf integer
function M.new(buf)
  return setmetatable({ buf = buf, layout = layout.new(), drawn = false }, Painter)
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

---Marks a block that became known to the parser after it was drawn, if it still stands somewhere.
function Painter:_mark_later(block)
  local row = vim.api.nvim_buf_is_loaded(self.buf) and self.layout:row_of_block(block)
  if row then
    set_marks(self.buf, row, block.captures)
  end
end

function Painter:_mark(block, row)
  set_marks(self.buf, row, block.marks)
  if block.lang then
    set_marks(self.buf, row, highlight.of(block, function()
      self:_mark_later(block)
    end))
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
  for _, placed in ipairs(change.blocks) do
    self:_mark(placed.block, placed.row)
  end
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
  self.layout, self.drawn = layout.new(), false
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
