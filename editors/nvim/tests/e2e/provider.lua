-- A provider on loopback that speaks Chat Completions and says what a test wants: the answers are a list of functions,
-- one for each request, that return what is streamed.

local M = {}

local function sse(delta, finish)
  local choice = { index = 0, delta = delta, finish_reason = finish }
  return 'data: ' .. vim.json.encode({ id = 'c', object = 'chat.completion.chunk', choices = { choice } }) .. '\n\n'
end

---Text in pieces, `pause` milliseconds apart.
function M.text(text, pieces, pause)
  local size = math.ceil(#text / (pieces or 1))
  local events = {}
  for at = 1, #text, size do
    events[#events + 1] = { sse({ content = text:sub(at, at + size - 1) }), pause or 0 }
  end
  events[#events + 1] = { sse(vim.empty_dict(), 'stop'), 0 }
  return events
end

---Text whose end does not come before the gate is open.
---@param gate { open: boolean }
function M.held(text, gate)
  local events = M.text(text)
  events[1][2] = gate
  return events
end

---Reasoning, then text.
function M.thought(thought, text)
  local events = M.text(text)
  table.insert(events, 1, { sse({ reasoning_content = thought }), 0 })
  return events
end

---A tool call.
function M.call(tool, arguments)
  local call = { index = 0, id = 'call_' .. vim.uv.hrtime(), type = 'function' }
  call['function'] = { name = tool, arguments = vim.json.encode(arguments) }
  return { { sse({ tool_calls = { call } }), 0 }, { sse(vim.empty_dict(), 'tool_calls'), 0 } }
end

---A refusal.
function M.status(code, headers, body)
  return { status = code, headers = headers or '', body = body or '{"error":{"message":"scripted"}}' }
end

local function send_stream(client, events)
  client:write('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n')
  local at = 0
  local timer = vim.uv.new_timer()
  local function next_event()
    at = at + 1
    local event = events[at]
    if not event or client:is_closing() then
      timer:close()
      if not client:is_closing() then
        client:write('data: [DONE]\n\n', function()
          client:close()
        end)
      end
      return
    end
    client:write(event[1])
    local pause = event[2]
    if type(pause) == 'number' then
      return timer:start(pause, 0, next_event)
    end
    timer:start(0, 10, function()
      if pause.open or client:is_closing() then
        timer:stop()
        next_event()
      end
    end)
  end
  next_event()
end

local function send(client, answer)
  if not answer.status then
    return send_stream(client, answer)
  end
  local head = ('HTTP/1.1 %d Scripted\r\nContent-Type: application/json\r\n%sContent-Length: %d\r\nConnection: close\r\n\r\n'):format(
    answer.status,
    answer.headers,
    #answer.body
  )
  client:write(head .. answer.body, function()
    client:close()
  end)
end

---Reads a request to its end, then calls `done` with its body.
local function read_request(client, done)
  local data = ''
  client:read_start(function(problem, chunk)
    if problem or not chunk then
      return not client:is_closing() and client:close()
    end
    data = data .. chunk
    local _, head_end = data:find('\r\n\r\n', 1, true)
    local length = head_end and tonumber(data:lower():match('content%-length:%s*(%d+)'))
    if length and #data >= head_end + length then
      client:read_stop()
      done(data:sub(head_end + 1))
    end
  end)
end

---Listens, and gives each request the next answer; the last one again and again.
---@param answers function[]
---@return { port: integer, requests: string[], close: fun() }
function M.listen(answers)
  local server = vim.uv.new_tcp()
  server:bind('127.0.0.1', 0)
  local self = { port = server:getsockname().port, requests = {} }
  server:listen(16, function()
    local client = vim.uv.new_tcp()
    server:accept(client)
    read_request(client, function(body)
      table.insert(self.requests, body)
      send(client, answers[math.min(#self.requests, #answers)](body))
    end)
  end)
  function self.close()
    server:close()
  end
  return self
end

---Makes it the model of a place.
function M.configure(place, listening, more)
  local config = vim.tbl_deep_extend('force', {
    model = 'scripted/model',
    providers = {
      scripted = {
        api = 'chat',
        baseUrl = ('http://127.0.0.1:%d/v1'):format(listening.port),
        models = { model = { context = 100000, maxOutput = 4000, input = { 'text', 'image' } } },
      },
    },
  }, more or {})
  vim.fn.writefile({ vim.json.encode(config) }, place.root .. '/config/config.jsonc')
end

return M
