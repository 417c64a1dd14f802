-- Markdown that grows, cut into chunks: only the last one is still open, the others are never looked at again.
-- Pure. A chunk ends where Markdown cannot be changed any more by what follows: before a line at the margin behind an
-- empty one, around a fenced block, and by force where a chunk would become too large to be drawn again and again.

local block = require('agentls.render.block')
local clean = require('agentls.clean')

local Chunks = {}
Chunks.__index = Chunks

local M = {}

-- A chunk outside of a fence is cut behind so many bytes, one inside behind so many.
local PROSE_BYTES, CODE_BYTES = 8 * 1024, 16 * 1024

-- A line of prose may be a whole paragraph.
local LINE_BYTES = 16 * 1024

---@param fields table what each block carries
function M.new(fields)
  return setmetatable({ fields = fields }, Chunks):_reset()
end

function Chunks:_reset()
  self.text, self.consumed = '', 0
  self.closed = {}
  self.lines, self.bytes = {}, 0
  self.fence, self.inside, self.blank, self.began = nil, nil, false, nil
  return self
end

function Chunks:_block(lines, closed)
  local fields = vim.deepcopy(self.fields)
  fields.lang = self.inside or 'markdown'
  fields.closed = closed
  fields.fence = self.began
  fields.bytes = self.bytes
  return block.new('text', lines, fields)
end

---Ends the open chunk.
function Chunks:_close()
  if #self.lines > 0 then
    table.insert(self.closed, self:_block(self.lines, true))
  end
  self.lines, self.bytes, self.blank, self.began = {}, 0, false, nil
  self.inside = self.fence and self.fence.lang or nil
end

function Chunks:_append(line)
  table.insert(self.lines, clean.line(line, LINE_BYTES))
  self.bytes = self.bytes + #line + 1
end

---@return table? fence that this line opens
local function opening(line)
  local indent, mark, rest = line:match('^(%s*)(```+)([^`]*)$')
  if not mark then
    indent, mark, rest = line:match('^(%s*)(~~~+)(.*)$')
  end
  if mark then
    return { mark = mark, indent = #indent, lang = rest:match('^%s*([%w_+#-]+)') or '' }
  end
end

local function closes(line, fence)
  local mark = line:match('^%s*([`~]+)%s*$')
  return mark ~= nil and mark:sub(1, 1) == fence.mark:sub(1, 1) and #mark >= #fence.mark
end

---Takes a line inside a fence.
function Chunks:_code(line)
  local fence = self.fence
  self:_append(line)
  if closes(line, fence) then
    self.fence = nil
    if fence.indent == 0 then
      self:_close()
    end
  elseif self.bytes > CODE_BYTES then
    self:_close()
  end
end

---Takes a complete line.
function Chunks:_line(line)
  if line:byte(-1) == 13 then
    line = line:sub(1, -2)
  end
  if self.fence then
    return self:_code(line)
  end
  local fence = opening(line)
  local at_margin = line:match('^%S') ~= nil
  if (fence and fence.indent == 0) or (self.blank and at_margin) or self.bytes > PROSE_BYTES then
    self:_close()
  end
  self.fence = fence
  self.began = fence and #self.lines == 0 and fence.lang or self.began
  self.blank = line:match('^%s*$') ~= nil
  self:_append(line)
end

---The chunk that may still grow, with the line that is not complete; none where there is nothing.
function Chunks:_open(rest)
  local lines = vim.list_slice(self.lines)
  if rest ~= '' then
    lines[#lines + 1] = clean.line(rest, LINE_BYTES)
  end
  while lines[#lines] and lines[#lines]:match('^%s*$') do
    lines[#lines] = nil
  end
  return #lines > 0 and self:_block(lines, false) or nil
end

---The blocks of the text as it is now. Those of its beginning are the same tables as before when it only grew.
---@param text string
---@return agentls.Block[]
function Chunks:update(text)
  if not vim.startswith(text, self.text) then
    self:_reset()
  end
  self.text = text
  while true do
    local stop = text:find('\n', self.consumed + 1, true)
    if not stop then
      break
    end
    self:_line(text:sub(self.consumed + 1, stop - 1))
    self.consumed = stop
  end
  local rest = text:sub(self.consumed + 1)
  if self.blank and not self.fence and rest:match('^%S') then
    self:_close()
  end
  local blocks = vim.list_slice(self.closed)
  blocks[#blocks + 1] = self:_open(rest)
  return blocks
end

return M
