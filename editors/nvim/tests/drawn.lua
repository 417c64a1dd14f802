-- What blocks look like in a buffer.

local M = {}

---@param blocks agentls.Block[]
---@return string[]
function M.lines(blocks)
  return vim.iter(blocks):map(function(block)
    return block.lines
  end):flatten():totable()
end

return M
