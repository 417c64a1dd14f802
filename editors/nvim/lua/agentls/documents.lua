-- Open buffers and the server: it sees their unsaved text, and its edits of them go through Neovim, so that undo works.

local server = require('agentls.server')
local settings = require('agentls.settings')

local M = {}

---Whether a buffer is a file that a person edits.
local function is_document(buf)
  return vim.api.nvim_buf_is_loaded(buf) and vim.bo[buf].buftype == '' and vim.api.nvim_buf_get_name(buf) ~= ''
end

local function attach(buf)
  local client = server.client()
  if client and is_document(buf) then
    vim.lsp.buf_attach_client(buf, client.id)
  end
end

---Attaches to all open buffers, and to those that are opened from now on.
function M.follow()
  for _, buf in ipairs(vim.api.nvim_list_bufs()) do
    attach(buf)
  end
  vim.api.nvim_create_autocmd({ 'BufReadPost', 'BufNewFile', 'BufFilePost' }, {
    group = vim.api.nvim_create_augroup('agentls.documents', { clear = true }),
    callback = function(event)
      attach(event.buf)
    end,
  })
end

---The first buffer of an edit that is newer than what the edit was made for.
local function newer_buffer(changes)
  for _, change in ipairs(changes) do
    local buf = vim.uri_to_bufnr(change.textDocument.uri)
    local version = change.textDocument.version
    if version and (vim.lsp.util.buf_versions[buf] or 0) > version then
      return buf
    end
  end
end

---Buffers of an edit without unsaved changes.
local function clean_buffers(changes)
  local clean = {}
  for _, change in ipairs(changes) do
    local buf = vim.uri_to_bufnr(change.textDocument.uri)
    if vim.api.nvim_buf_is_loaded(buf) and not vim.bo[buf].modified then
      clean[#clean + 1] = buf
    end
  end
  return clean
end

local function save(bufs)
  for _, buf in ipairs(bufs) do
    vim.api.nvim_buf_call(buf, function()
      vim.cmd('silent! update')
    end)
  end
end

---Answers `workspace/applyEdit`. Neovim's own handler says `applied` of an edit that it refused as outdated.
function M.apply_edit(_, params, ctx)
  local client = assert(vim.lsp.get_client_by_id(ctx.client_id))
  local changes = params.edit.documentChanges or {}
  local outdated = newer_buffer(changes)
  if outdated then
    local name = vim.fn.fnamemodify(vim.api.nvim_buf_get_name(outdated), ':.')
    return { applied = false, failureReason = name .. ' was changed in the editor meanwhile' }
  end
  local clean = clean_buffers(changes)
  local applied, problem = pcall(vim.lsp.util.apply_workspace_edit, params.edit, client.offset_encoding)
  if applied and settings.get().save_edited then
    save(clean)
  end
  return { applied = applied, failureReason = not applied and tostring(problem) or nil }
end

---Reads buffers again whose files were changed on disk, by a command for instance.
function M.reload_changed()
  vim.cmd('silent! checktime')
end

return M
