-- An editor whose model says what a test wants.

local editor = require('editor')
local provider = require('provider')

local M = {}

---Runs `act` with an editor whose model says `answers`.
function M.with(place, answers, act, config)
  local listening = provider.listen(answers)
  provider.configure(place, listening, config)
  local one = editor.start(place)
  local ok, problem = xpcall(act, debug.traceback, one, listening)
  one:quit()
  listening.close()
  if not ok then
    error(problem, 0)
  end
end

---An answer of one text; see `provider.text`.
function M.says(...)
  local given = { ... }
  return function()
    return provider.text(unpack(given))
  end
end

return M
