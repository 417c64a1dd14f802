-- Makes strings of others fit to be shown: no control characters, no hidden text, no endless lines.
-- Pure. What is taken out stays visible as a sign, so that nobody approves what cannot be seen.

local M = {}

-- Bytes of a line that are shown.
M.LINE_BYTES = 2000

local function picture(char)
  local code = char:byte()
  return code == 127 and '␡' or vim.fn.nr2char(0x2400 + code, true)
end

---Whether a character is invisible or turns the order of text around.
local function hidden(code)
  return (code >= 0x80 and code <= 0x9F) -- C1
    or code == 0x00AD
    or code == 0x061C
    or (code >= 0x200B and code <= 0x200F)
    or (code >= 0x2028 and code <= 0x202E)
    or (code >= 0x2060 and code <= 0x2069)
    or code == 0xFEFF
    or (code >= 0xFFF9 and code <= 0xFFFB)
    or (code >= 0xE0000 and code <= 0xE007F) -- tags
end

local function decode(char)
  local lead = char:byte()
  local code = lead < 0xE0 and lead - 0xC0 or lead < 0xF0 and lead - 0xE0 or lead - 0xF0
  for at = 2, #char do
    code = code * 64 + (char:byte(at) - 0x80)
  end
  return code
end

-- Lead bytes of the characters of `hidden`: everything else is not looked at one by one.
local SUSPECT = '()([\194\216\226\239\243][\128-\191]+)()'

local JOINER = 0x200D

---Whether what stands around a joiner are symbols that it may join, such as the people of a family.
local function joins(line, first, behind)
  local before = first - 1
  while before > 1 and line:byte(before) >= 0x80 and line:byte(before) < 0xC0 do
    before = before - 1
  end
  return (line:byte(before) or 0) >= 0xE2 and (line:byte(behind) or 0) >= 0xE2
end

local function show_hidden(line)
  return (
    line:gsub(SUSPECT, function(first, char, behind)
      local code = decode(char)
      if not hidden(code) or (code == JOINER and joins(line, first, behind)) then
        return char
      end
      return ('‹U+%04X›'):format(code)
    end)
  )
end

---Cuts a line at a character's beginning and says what is missing.
---@param line string
---@param most integer
---@param size integer? bytes of what the line is the beginning of
local function cut(line, most, size)
  if #line <= most then
    return line
  end
  local stop = most
  while stop > 0 and line:byte(stop + 1) >= 0x80 and line:byte(stop + 1) < 0xC0 do
    stop = stop - 1
  end
  local missing = (size or #line) - stop
  return line:sub(1, stop) .. (missing > 200 and (' … (+%d bytes)'):format(missing) or '…')
end

---One line without line breaks, fit to be shown.
---@param line string
---@param most integer? bytes at most
---@param size integer? bytes of what the line is the beginning of
function M.line(line, most, size)
  line = cut(line, most or M.LINE_BYTES, size)
  if line:find('[%z\1-\8\10-\31\127]') then
    -- Escape sequences of terminals go as a whole; what they coloured stays.
    line = line:gsub('\27%[[0-?]*[ -/]*[@-~]', ''):gsub('\27%][^\7\27]*[\7]?', ''):gsub('[%z\1-\8\10-\31\127]', picture)
  end
  if line:find('[\194\216\226\239\243]') then
    line = show_hidden(line)
  end
  return line
end

---The lines of a text, each fit to be shown. `\r\n` breaks a line like `\n`.
---@param text string
---@param most integer? bytes of a line at most
---@return string[]
function M.lines(text, most)
  local lines = vim.split(text, '\n', { plain = true })
  for at, line in ipairs(lines) do
    if line:byte(-1) == 13 then
      line = line:sub(1, -2)
    end
    lines[at] = M.line(line, most)
  end
  return lines
end

---Everything in one line: line breaks become `⏎`.
---@param text string?
---@param most integer? bytes at most
function M.one_line(text, most)
  text, most = text or '', most or 300
  -- What lies behind is not looked at, however long it is.
  local head = text:sub(1, most + 1):gsub('\r?\n', ' ⏎ ')
  return M.line(head, most, math.max(#head, #text))
end

return M
