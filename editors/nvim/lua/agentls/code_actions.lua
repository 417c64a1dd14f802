-- The server's code actions in Neovim: it is told of all diagnostics, and the answers come into a chat instead of a page.

local clean = require('agentls.clean')
local mention = require('agentls.mention')

local M = {}

-- The prompt of each command; one without is asked for.
local WORDS = {
  ['agentls.code.explain'] = 'Explain %s',
  ['agentls.code.ask'] = false,
  ['agentls.code.fix'] = 'Fix this in %s:\n- %s',
}

---The lines that a range of LSP touches, from 1.
local function lines_of(range)
  local first, last = range.start.line + 1, range['end'].line + 1
  if range['end'].character == 0 and last > first then
    last = last - 1
  end
  return first, last
end

---Carries out a code action of the server.
---@param command { command: string, arguments: table[] }
local function run(command)
  local subject = command.arguments[1]
  local path = vim.uri_to_fname(subject.uri)
  local first, last = lines_of(subject.range)
  -- Loaded on use: a client's configuration is read when Neovim starts.
  require('agentls.chat').with(function(chat)
    local word = mention.word(vim.fs.relpath(chat.session.cwd, path) or path, first, last)
    local words = WORDS[command.command]
    if words then
      local message = subject.diagnostic and clean.one_line(subject.diagnostic.message, 1000)
      return require('agentls.prompt').send_text(chat, words:format(word, message))
    end
    require('agentls.ask').about_word(chat, word)
  end)
end

---What carries out the server's commands on this side, for the client's configuration.
---@return table<string, fun(command: table)>
function M.commands()
  return vim.tbl_map(function()
    return run
  end, WORDS)
end

---A diagnostic of Neovim as one of LSP.
local function as_lsp(diagnostic)
  local of_server = vim.tbl_get(diagnostic, 'user_data', 'lsp')
  if of_server then
    return of_server
  end
  return {
    range = {
      start = { line = diagnostic.lnum, character = diagnostic.col },
      ['end'] = { line = diagnostic.end_lnum or diagnostic.lnum, character = diagnostic.end_col or diagnostic.col },
    },
    severity = diagnostic.severity,
    message = diagnostic.message,
    source = diagnostic.source,
  }
end

---The diagnostics that touch the lines of a range, whoever found them.
---@param buf integer
---@param range table
function M.diagnostics(buf, range)
  local found = {}
  for _, one in ipairs(vim.diagnostic.get(buf)) do
    if one.lnum <= range['end'].line and (one.end_lnum or one.lnum) >= range.start.line then
      found[#found + 1] = as_lsp(one)
    end
  end
  return found
end

---Neovim tells a server of its own diagnostics only, and ours has none: the ones to fix are those of others.
---@param client vim.lsp.Client
function M.tell_all_diagnostics(client)
  local request = client.request
  client.request = function(self, method, params, handler, buf)
    if method == 'textDocument/codeAction' then
      params.context.diagnostics = M.diagnostics(vim.uri_to_bufnr(params.textDocument.uri), params.range)
    end
    return request(self, method, params, handler, buf)
  end
end

return M
