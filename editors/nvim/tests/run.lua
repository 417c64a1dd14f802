-- Runs the unit tests: nvim --clean -l tests/run.lua [part of a file's name]
--
-- Each file in tests/unit returns a table: the name of a test, and the function that fails when it does not hold.

local here = vim.fs.dirname(vim.fs.normalize(vim.fn.fnamemodify(debug.getinfo(1, 'S').source:sub(2), ':p')))
vim.opt.runtimepath:prepend(vim.fs.dirname(here))
package.path = here .. '/?.lua;' .. package.path

local wanted = _G.arg[1] or ''
local passed, failed = 0, 0

for name in vim.spairs(vim.iter(vim.fs.dir(here .. '/unit')):fold({}, function(names, name)
  names[name] = true
  return names
end)) do
  if name:find(wanted, 1, true) then
    for test, run in vim.spairs(dofile(vim.fs.joinpath(here, 'unit', name))) do
      local ok, problem = xpcall(run, debug.traceback)
      if ok then
        passed = passed + 1
      else
        failed = failed + 1
        io.stderr:write(('FAILED %s: %s\n%s\n'):format(name, test, problem))
      end
    end
  end
end

print(('%d passed, %d failed\n'):format(passed, failed))
os.exit((failed == 0 and passed > 0) and 0 or 1)
