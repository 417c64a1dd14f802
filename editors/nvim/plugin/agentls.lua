-- Loaded with Neovim: the command, the `<Plug>` mappings and the highlight groups. Everything else is loaded on use.

if vim.g.loaded_agentls then
  return
end
vim.g.loaded_agentls = true

if vim.fn.has('nvim-0.11') == 0 then
  vim.notify_once('agentls needs Neovim 0.11 or newer', vim.log.levels.ERROR)
  return
end

vim.api.nvim_create_user_command('Agentls', function(given)
  require('agentls.command').execute(given)
end, {
  nargs = '*',
  range = true,
  desc = 'agentls: sessions with a coding agent',
  complete = function(...)
    return require('agentls.command').complete(...)
  end,
})

require('agentls.mappings').plug()
require('agentls.highlights').set()
vim.api.nvim_create_autocmd('ColorScheme', {
  group = vim.api.nvim_create_augroup('agentls.highlights', {}),
  callback = function()
    require('agentls.highlights').set()
  end,
})

-- A chat that is named by `:edit` or by a session file opens with its session.
vim.api.nvim_create_autocmd('BufReadCmd', {
  group = vim.api.nvim_create_augroup('agentls.chats', {}),
  pattern = 'agentls://chat/*',
  callback = function(event)
    local id = event.match:match('agentls://chat/(.*)$')
    vim.schedule(function()
      pcall(vim.api.nvim_buf_delete, event.buf, { force = true })
      require('agentls.chat').open(id)
    end)
  end,
})
