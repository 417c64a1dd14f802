-- Records what a real server tells of a few prompts, for the unit tests:
--
--   nvim --clean -l scripts/record.lua <path of agentls>
--
-- The working directory is written as /project, so that the recordings are the same wherever they are made.

local here = vim.fs.dirname(vim.fs.normalize(vim.fn.fnamemodify(debug.getinfo(1, 'S').source:sub(2), ':p')))
vim.opt.runtimepath:prepend(vim.fs.dirname(here))
local binary = vim.fn.fnamemodify(assert(_G.arg[1], 'the path of agentls is missing'), ':p')
local place = vim.fn.tempname()
vim.fn.mkdir(place .. '/project/src', 'p')
vim.fn.writefile({ '-- how often', 'local retry_limit = 3', 'return retry_limit' }, place .. '/project/src/retry.lua')
vim.env.AGENTLS_DATA_DIR, vim.env.AGENTLS_CONFIG_DIR = place .. '/data', place .. '/config'

local PROMPTS = {
  search = 'where is retry_limit defined?',
  edit_and_run = 'replace "retry_limit = 3" with "retry_limit = 5" in src/retry.lua and run `seq 40`',
  refused = 'run `rm -rf src`',
}

local methods = require('agentls.protocol').methods
local server = require('agentls.server')
vim.cmd.cd(place .. '/project')
require('agentls').setup({ cmd = { binary, 'serve' }, server = { trust = 'trusted' } })
vim.lsp.config('agentls', require('agentls.client').config())

local recorded = {}
server.on('notification', function(_, params)
  if params.update then
    recorded[#recorded + 1] = (vim.json.encode(params):gsub(vim.pesc(place), ''))
  end
end)
require('agentls.questions').take = function(_, params, reply)
  local scope = params.title:find('rm -rf', 1, true) and 'never' or 'once'
  for _, option in ipairs(params.options) do
    if option.scope == scope then
      reply({ optionId = option.id })
    end
  end
end

for name, text in vim.spairs(PROMPTS) do
  local done = false
  recorded = {}
  server.request(methods.session_new, { cwd = place .. '/project' }, function(_, made)
    local parts = { { type = 'text', text = text } }
    server.request(methods.session_prompt, { sessionId = made.session.id, parts = parts }, function()
      done = true
    end)
  end)
  assert(vim.wait(20000, function()
    return done
  end, 10), name)
  vim.wait(200)
  vim.fn.writefile(recorded, vim.fs.joinpath(vim.fs.dirname(here), 'tests', 'streams', name .. '.jsonl'))
end
os.exit(0)
