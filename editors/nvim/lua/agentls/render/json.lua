-- JSON text with a line for each value, in the order in which it was written. Pure.

local M = {}

local INDENT = '  '

---Where the string that begins at `start` ends.
local function string_end(text, start)
  local at = start + 1
  while true do
    local stop = text:find('["\\]', at)
    if not stop then
      return #text
    elseif text:byte(stop) == 34 then
      return stop
    end
    at = stop + 2
  end
end

---@param text string valid JSON
---@return string
function M.pretty(text)
  local out, depth, at = {}, 0, 1
  local function newline()
    out[#out + 1] = '\n' .. INDENT:rep(depth)
  end
  while at <= #text do
    local char = text:sub(at, at)
    if char == '"' then
      local stop = string_end(text, at)
      out[#out + 1] = text:sub(at, stop)
      at = stop
    elseif (char == '{' or char == '[') and text:match('^%s*[%]}]', at + 1) then
      local stop = text:find('[%]}]', at + 1)
      out[#out + 1] = char .. text:sub(stop, stop)
      at = stop
    elseif char == '{' or char == '[' then
      depth = depth + 1
      out[#out + 1] = char
      newline()
    elseif char == '}' or char == ']' then
      depth = depth - 1
      newline()
      out[#out + 1] = char
    elseif char == ',' then
      out[#out + 1] = char
      newline()
    elseif char == ':' then
      out[#out + 1] = ': '
    elseif not char:match('%s') then
      local stop = text:find('[%s,%]}]', at) or #text + 1
      out[#out + 1] = text:sub(at, stop - 1)
      at = stop - 1
    end
    at = at + 1
  end
  return table.concat(out)
end

return M
