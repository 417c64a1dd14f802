-- Which block stands on which line. Pure: it keeps the order and the heights, and computes the smallest replacement that
-- turns what is drawn into what should be.

---@class agentls.Group
---@field key string
---@field blocks agentls.Block[]
---@field height integer

---@class agentls.Replacement
---@field first integer line from 0
---@field last integer behind the last line that goes
---@field lines string[]
---@field blocks { block: agentls.Block, row: integer }[] to be marked anew, with their first lines

local Layout = {}
Layout.__index = Layout

local M = {}

function M.new()
  return setmetatable({ groups = {}, places = {}, height = 0 }, Layout)
end

local function height_of(blocks)
  local height = 0
  for _, block in ipairs(blocks) do
    height = height + #block.lines
  end
  return height
end

---The first line of the group at a place. Counted from the end, where nearly everything happens.
function Layout:_row(place)
  local row = self.height
  for at = #self.groups, place, -1 do
    row = row - self.groups[at].height
  end
  return row
end

function Layout:_number_from(place)
  for at = place, #self.groups do
    self.places[self.groups[at].key] = at
  end
end

---Makes an empty group before the one at `place`; at the end without one.
function Layout:insert(key, place)
  place = place or #self.groups + 1
  table.insert(self.groups, place, { key = key, blocks = {}, height = 0 })
  self:_number_from(place)
end

---@return integer?
function Layout:place(key)
  return self.places[key]
end

---@return agentls.Group?
function Layout:group(key)
  return self.groups[self.places[key]]
end

---How many blocks are the same tables at the beginning, and at the end.
local function same_ends(old, new)
  local first = 0
  while old[first + 1] and old[first + 1] == new[first + 1] do
    first = first + 1
  end
  local last = 0
  while last < math.min(#old, #new) - first and old[#old - last] == new[#new - last] do
    last = last + 1
  end
  return first, last
end

local function lines_of(blocks, from, to)
  local lines = {}
  for at = from, to do
    vim.list_extend(lines, blocks[at].lines)
  end
  return lines
end

---How many lines are the same at the beginning.
local function same_lines(old, new)
  local same = 0
  while same < #old and same < #new and old[same + 1] == new[same + 1] do
    same = same + 1
  end
  return same
end

---Gives a group other blocks.
---@param key string
---@param blocks agentls.Block[]
---@return agentls.Replacement? change what to draw; nothing when all is as before
function Layout:set(key, blocks)
  local place = assert(self.places[key], key)
  local group = self.groups[place]
  local old = group.blocks
  local first, last = same_ends(old, blocks)
  if first == #old and first == #blocks then
    return nil
  end
  local start = self:_row(place) + height_of(vim.list_slice(old, 1, first))
  local gone = lines_of(old, first + 1, #old - last)
  local lines = lines_of(blocks, first + 1, #blocks - last)
  local change = { first = start, last = start + #gone, lines = lines, blocks = {} }
  local row = start
  for at = first + 1, #blocks - last do
    table.insert(change.blocks, { block = blocks[at], row = row })
    row = row + #blocks[at].lines
  end
  local same = same_lines(gone, lines)
  change.first, change.marked_from = start + same, start
  change.lines = vim.list_slice(lines, same + 1)
  group.blocks = blocks
  self.height = self.height + #lines - #gone
  group.height = group.height + #lines - #gone
  return change
end

---What stands on a line.
---@param row integer from 0
---@return agentls.Block? block, integer? offset the line within it, agentls.Group? group
function Layout:at(row)
  local top = self.height
  for place = #self.groups, 1, -1 do
    local group = self.groups[place]
    top = top - group.height
    if row >= top then
      for _, block in ipairs(group.blocks) do
        if row < top + #block.lines then
          return block, row - top, group
        end
        top = top + #block.lines
      end
      return nil
    end
  end
end

---The first line of a group.
---@return integer?
function Layout:row_of(key)
  local place = self.places[key]
  return place and self:_row(place)
end

---The first line of a block, if it stands somewhere.
---@param block agentls.Block
---@return integer?
function Layout:row_of_block(block)
  local top = self.height
  for place = #self.groups, 1, -1 do
    local group = self.groups[place]
    top = top - group.height
    local row = top
    for _, other in ipairs(group.blocks) do
      if rawequal(other, block) then
        return row
      end
      row = row + #other.lines
    end
  end
end

---Calls `visit` with each block between two lines and its first line.
function Layout:between(first, last, visit)
  local top = self.height
  for place = #self.groups, 1, -1 do
    local group = self.groups[place]
    top = top - group.height
    if top <= last and top + group.height > first then
      local row = top
      for _, block in ipairs(group.blocks) do
        if row <= last and row + #block.lines > first then
          visit(block, row)
        end
        row = row + #block.lines
      end
    elseif top + group.height <= first then
      return
    end
  end
end

return M
