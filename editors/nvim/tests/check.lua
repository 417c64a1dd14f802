-- What tests say. Each raises an error that shows both sides.

local M = {}

---@param actual any
---@param expected any
function M.equal(actual, expected)
  if not vim.deep_equal(actual, expected) then
    error(('expected %s\nbut got  %s'):format(vim.inspect(expected), vim.inspect(actual)), 2)
  end
end

function M.is_true(value, message)
  if not value then
    error(message or 'it is not so', 2)
  end
end

---Whether one of the lines has this text in it.
function M.has_line(lines, text)
  for _, line in ipairs(lines) do
    if line:find(text, 1, true) then
      return
    end
  end
  error(('no line has %q:\n%s'):format(text, table.concat(vim.list_slice(lines, 1, 80), '\n'):sub(1, 8000)), 2)
end

return M
