-- Highlights of code in a language without a parser, by Neovim's syntax files, in a buffer that nobody sees.

local M = {}

-- Lines of a block that are looked at: syntax files work through them in one go.
local MOST_LINES = 120
local MOST_COLUMNS = 200

local buf ---@type integer?

---The syntax file's name for what stands behind a fence, such as `rs` or `python`.
---@param lang string
---@return string?
function M.name(lang)
  for _, name in ipairs({ lang, vim.filetype.match({ filename = 'x.' .. lang }) }) do
    if name:match('^[%w_]+$') and #vim.api.nvim_get_runtime_file('syntax/' .. name .. '.vim', false) > 0 then
      return name
    end
  end
end

---The groups of a line, as marks.
local function line_marks(marks, row, line)
  local began, group = 1, nil
  local stop = math.min(#line, MOST_COLUMNS)
  for col = 1, stop + 1 do
    local here = col <= stop and vim.fn.synIDattr(vim.fn.synIDtrans(vim.fn.synID(row + 1, col, 1)), 'name') or ''
    if here ~= group then
      if group and group ~= '' then
        marks[#marks + 1] = { row = row, col = began - 1, end_row = row, end_col = col - 1, hl = group }
      end
      began, group = col, here
    end
  end
end

---@param lines string[]
---@param lang string
---@return table[] marks with rows from 0
function M.marks(lines, lang)
  local name = M.name(lang)
  if not name or #lines > MOST_LINES then
    return {}
  end
  if not buf or not vim.api.nvim_buf_is_valid(buf) then
    buf = vim.api.nvim_create_buf(false, true)
  end
  vim.api.nvim_buf_set_lines(buf, 0, -1, false, lines)
  local marks = {}
  vim.api.nvim_buf_call(buf, function()
    if vim.bo.syntax ~= name then
      vim.bo.syntax = name
    end
    for row, line in ipairs(lines) do
      line_marks(marks, row - 1, line)
    end
  end)
  return marks
end

return M
