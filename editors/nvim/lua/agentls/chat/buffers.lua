-- The two buffers of a chat, and those for texts that are opened out of it.

local M = {}

---A buffer of the plugin's own: no file, not listed, gone with its chat.
---@param name string
---@param filetype string
---@return integer buf
function M.scratch(name, filetype)
  local old = vim.fn.bufnr('^' .. vim.fn.escape(name, '[]*?') .. '$')
  if old ~= -1 then
    pcall(vim.api.nvim_buf_delete, old, { force = true })
  end
  local buf = vim.api.nvim_create_buf(false, true)
  vim.api.nvim_buf_set_name(buf, name)
  vim.bo[buf].bufhidden = 'hide'
  vim.bo[buf].swapfile = false
  vim.bo[buf].undofile = false
  vim.bo[buf].filetype = filetype
  return buf
end

---@param session table
---@return integer chat_buf, integer prompt_buf
function M.make(session)
  local chat_buf = M.scratch('agentls://chat/' .. session.id, 'agentls-chat')
  vim.bo[chat_buf].modifiable = false
  vim.bo[chat_buf].undolevels = -1
  local prompt_buf = M.scratch('agentls://prompt/' .. session.id, 'agentls-prompt')
  return chat_buf, prompt_buf
end

---Shows a text in a buffer of its own, read only.
---@param name string
---@param lines string[]
---@param filetype string
---@return integer buf
function M.text(name, lines, filetype)
  local buf = M.scratch(name, filetype)
  vim.api.nvim_buf_set_lines(buf, 0, -1, false, lines)
  vim.bo[buf].bufhidden = 'wipe'
  vim.bo[buf].modifiable = false
  return buf
end

return M
