-- A session of thousands of messages, made as a file of `opencode export` and taken over by `agentls import`.

local M = {}

local WORDS = vim.split('the server reads a page of messages and the editor draws only what changed between two paints', ' ')

---Prose of about so many bytes, with code in it, the same on every run.
local function prose(seed, bytes)
  local words, size = {}, 0
  local at = seed
  while size < bytes do
    at = (at * 31 + 7) % 9973
    local word = WORDS[at % #WORDS + 1]
    words[#words + 1] = word
    size = size + #word + 1
    if at % 40 == 0 then
      words[#words + 1] = '\n\n```lua\nlocal x = ' .. at .. '\nreturn x\n```\n\n'
    end
  end
  return table.concat(words, ' ')
end

local function output(seed, bytes)
  local lines = {}
  for at = 1, math.floor(bytes / 64) do
    lines[at] = ('src/module_%03d.lua:%d: local value_%d = compute(%d)'):format((seed + at) % 977, at, seed, at)
  end
  return table.concat(lines, '\n')
end

local function message(number, parts, role, parent)
  local id = ('msg_%08d'):format(number)
  local at = 1700000000000 + number * 1000
  for index, part in ipairs(parts) do
    part.id, part.messageID, part.sessionID = ('prt_%08d%02d'):format(number, index), id, 'ses_long'
  end
  local info = { id = id, sessionID = 'ses_long', role = role, time = { created = at, completed = at + 900 } }
  if role == 'assistant' then
    info.parentID, info.modelID, info.providerID, info.mode = parent, 'explorer', 'offline', 'build'
    info.path = { cwd = '/', root = '/' }
    info.cost, info.finish = 0, 'stop'
    info.tokens = { input = 1000, output = 100, reasoning = 0, cache = { read = 0, write = 0 } }
  else
    info.agent, info.model = 'build', { providerID = 'offline', modelID = 'explorer' }
  end
  return { info = info, parts = parts }
end

---One prompt and its answers, as one turn of ten messages.
local function turn(number, bytes)
  local prompt = ('msg_%08d'):format(number)
  local messages = { message(number, { { type = 'text', text = ('prompt number %d: %s'):format(number, prose(number, 200)) } }, 'user') }
  for step = 1, 8 do
    local at = number + step
    local time = { start = 1700000000000 + at * 1000, ['end'] = 1700000000500 + at * 1000 }
    local call = {
      type = 'tool', tool = 'bash', callID = 'call_' .. at,
      state = {
        status = 'completed', input = { command = 'rg value_' .. at }, output = output(at, bytes), title = 'rg value_' .. at,
        metadata = vim.empty_dict(), time = time,
      },
    }
    messages[#messages + 1] = message(at, { { type = 'reasoning', text = prose(at, 300), time = time }, call }, 'assistant', prompt)
  end
  local answer = ('%s\n\nThat is answer %d.'):format(prose(number, 1500), number)
  messages[10] = message(number + 9, { { type = 'text', text = answer } }, 'assistant', prompt)
  return messages
end

---Writes the export: `count` messages, of about `bytes` in all.
function M.write(path, directory, count, bytes)
  local turns = count / 10
  local output_bytes = math.floor(bytes / count * 10 / 8) - 600
  local file = assert(io.open(path, 'w'))
  local info = {
    id = 'ses_long', title = 'The long session', directory = directory, version = '1.18.0', projectID = 'p',
    time = { created = 1700000000000, updated = 1700000000000 + count * 1000 },
  }
  file:write('{"info":', vim.json.encode(info), ',"messages":[')
  for number = 0, turns - 1 do
    for at, one in ipairs(turn(number * 10 + 1, output_bytes)) do
      file:write((number > 0 or at > 1) and ',' or '', vim.json.encode(one))
    end
  end
  file:write(']}')
  file:close()
end

---Takes it over into a place's database. The id it has there is that of the file.
function M.import(place, count, bytes)
  local path = place.root .. '/export.json'
  M.write(path, place.project, count, bytes)
  local done = vim
    .system({ place.binary, 'import', 'opencode', '--json', path }, {
      text = true,
      env = { AGENTLS_DATA_DIR = place.root .. '/data', AGENTLS_CONFIG_DIR = place.root .. '/config' },
    })
    :wait()
  assert(done.code == 0, done.stdout .. done.stderr)
  vim.fn.delete(path)
end

return M
