-- Recorded updates of a real server (tests/streams, made by scripts/record.lua), played into a transcript.

local here = vim.fs.dirname(vim.fs.normalize(vim.fn.fnamemodify(debug.getinfo(1, 'S').source:sub(2), ':p')))

local M = {}

---The recorded notifications, in order.
---@param name string
---@return table[]
function M.read(name)
  local updates = {}
  for line in io.lines(vim.fs.joinpath(here, 'streams', name .. '.jsonl')) do
    updates[#updates + 1] = vim.json.decode(line, { luanil = { object = true } })
  end
  return updates
end

---A transcript as it is after all updates, or after the first so many.
---@param name string
---@param count integer?
function M.play(name, count)
  local transcript = require('agentls.transcript').new()
  for at, params in ipairs(M.read(name)) do
    if count and at > count then
      break
    end
    transcript:apply(params, 1000 * at)
  end
  return transcript
end

return M
