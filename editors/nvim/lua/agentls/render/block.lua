-- A block: some lines that are drawn together, with their marks. Blocks never change; a changed one is another table,
-- so that a painter sees by identity what it need not touch. Pure.

---@class agentls.Mark
---@field row integer from 0, within the block
---@field col integer? bytes
---@field end_col integer? bytes; the whole line's end when missing
---@field hl string? highlight group
---@field line_hl string? highlight group of the whole line
---@field right table? chunks of virtual text at the window's right edge
---@field behind table? chunks of virtual text behind the line

---@class agentls.Block
---@field kind string what `separate` goes by
---@field lines string[]
---@field marks agentls.Mark[]
---@field lang string? language that the lines are highlighted in
---@field part_id string?
---@field message_id string?
---@field action string? what <CR> does on it

local M = {}

---@param kind string
---@param lines string[]
---@param fields table?
---@return agentls.Block
function M.new(kind, lines, fields)
  local block = fields or {}
  block.kind, block.lines = kind, lines
  block.marks = block.marks or {}
  return block
end

---A line of pieces `{text, highlight group?}`, and their marks in `row`.
---@return string line, agentls.Mark[] marks
function M.line(pieces, row)
  local texts, marks, col = {}, {}, 0
  for _, piece in ipairs(pieces) do
    local text, group = piece[1], piece[2]
    texts[#texts + 1] = text
    if group and #text > 0 then
      marks[#marks + 1] = { row = row, col = col, end_col = col + #text, hl = group }
    end
    col = col + #text
  end
  return table.concat(texts), marks
end

---A block of lines that are lists of pieces.
---@param kind string
---@param rows table[][]
---@param fields table?
---@return agentls.Block
function M.of_pieces(kind, rows, fields)
  local lines, marks = {}, {}
  for at, pieces in ipairs(rows) do
    local line, of_line = M.line(pieces, at - 1)
    lines[at] = line
    vim.list_extend(marks, of_line)
  end
  local block = M.new(kind, lines, fields)
  block.marks = vim.list_extend(block.marks, marks)
  return block
end

-- An empty line between blocks.
M.gap = M.new('gap', { '' })

-- Kinds that stand close together.
local CLOSE = { card = true, note = true }

---Whether an empty line belongs between two kinds of blocks.
---@param before string?
---@param kind string
function M.apart(before, kind)
  if not before or before == 'gap' or kind == 'gap' then
    return false
  end
  if before == 'heading' then
    return false
  end
  return kind == 'heading' or not (CLOSE[before] and CLOSE[kind])
end

return M
