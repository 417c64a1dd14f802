-- Runs the tests against a real server in a real Neovim:
--
--   nvim --clean -l tests/e2e/run.lua <path of agentls> [part of a test's name]

local here = vim.fs.dirname(vim.fs.normalize(vim.fn.fnamemodify(debug.getinfo(1, 'S').source:sub(2), ':p')))
package.path = ('%s/?.lua;%s/?.lua;%s'):format(here, vim.fs.dirname(here), package.path)

local binary = vim.fn.fnamemodify(assert(_G.arg[1], 'the path of agentls is missing'), ':p')
local wanted = _G.arg[2] or ''

---A directory of its own for each test: a project, a database, a configuration.
local function make_place()
  local root = vim.fn.resolve(vim.fn.tempname())
  local place = { root = root, project = root .. '/project', binary = binary }
  vim.fn.mkdir(place.project .. '/src', 'p')
  vim.fn.mkdir(root .. '/config', 'p')
  vim.fn.writefile({
    '-- how often a request is tried again',
    'local retry_limit = 3',
    'return retry_limit',
  }, place.project .. '/src/retry.lua')
  return place
end

local schema = vim.system({ binary, 'schema' }, { text = true }):wait()
local methods = vim.json.decode(schema.stdout).requests

local passed, failed = 0, 0

---Runs a test: a function, or `run` of a table whose `needs` names a method that the server must have.
local function try(name, test)
  local needs = type(test) == 'table' and test.needs
  if needs and not methods[needs] then
    return print(('skipped %s: this server has no %s\n'):format(name, needs))
  end
  local began = vim.uv.hrtime()
  local ok, problem = xpcall(needs and test.run or test, debug.traceback, make_place())
  passed, failed = passed + (ok and 1 or 0), failed + (ok and 0 or 1)
  print(('%s %s (%.1f s)%s\n'):format(ok and 'ok    ' or 'FAILED', name, (vim.uv.hrtime() - began) / 1e9, ok and '' or '\n' .. problem))
end

for file in vim.fs.dir(here) do
  if file:match('_test%.lua$') then
    for name, test in vim.spairs(dofile(vim.fs.joinpath(here, file))) do
      if name:find(wanted, 1, true) then
        try(name, test)
      end
    end
  end
end
print(('%d passed, %d failed\n'):format(passed, failed))
os.exit((failed == 0 and passed > 0) and 0 or 1)
