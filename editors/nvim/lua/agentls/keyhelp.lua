-- The keys of a view, in a window that goes with the next key.

local M = {}

---@param view string its name
---@param keys agentls.Key[]
function M.show(view, keys)
  local lines, widest = {}, 0
  for _, key in ipairs(keys) do
    lines[#lines + 1] = (' %-8s %s '):format(key[1], key[3])
    widest = math.max(widest, vim.fn.strdisplaywidth(lines[#lines]))
  end
  local buf = vim.api.nvim_create_buf(false, true)
  vim.bo[buf].bufhidden = 'wipe'
  vim.api.nvim_buf_set_lines(buf, 0, -1, false, lines)
  for row = 0, #lines - 1 do
    vim.api.nvim_buf_set_extmark(buf, vim.api.nvim_create_namespace('agentls.marks'), row, 1, { end_col = 9, hl_group = 'AgentlsKey' })
  end
  vim.bo[buf].modifiable = false
  local win = vim.api.nvim_open_win(buf, true, {
    relative = 'editor',
    style = 'minimal',
    border = 'rounded',
    title = (' Keys: %s '):format(view),
    width = math.min(widest, vim.o.columns - 4),
    height = math.min(#lines, vim.o.lines - 4),
    row = math.max(0, math.floor((vim.o.lines - #lines) / 2) - 1),
    col = math.max(0, math.floor((vim.o.columns - widest) / 2)),
  })
  vim.wo[win][0].winhighlight = require('agentls.chat.windows').FLOAT
  for _, key in ipairs({ 'q', '<Esc>', 'g?', '<CR>' }) do
    vim.keymap.set('n', key, '<Cmd>close<CR>', { buffer = buf, nowait = true })
  end
  vim.api.nvim_create_autocmd('WinLeave', {
    buffer = buf,
    once = true,
    callback = function()
      pcall(vim.api.nvim_win_close, win, true)
    end,
  })
end

return M
