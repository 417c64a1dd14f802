-- What the server tells and asks is a `User` autocommand, for whoever listens.

local check = require('check')
local double = require('double')
local protocol = require('agentls.protocol')

---What each kind of update says, of a session that no chat shows.
local UPDATES = {
  status = { status = 'running' },
  message = { message = { id = 'm', seq = 1, role = 'user', parts = {} } },
  part = { part = { id = 'p', messageId = 'm', index = 0, type = 'text', text = { text = '', bytes = 0 } } },
  partDelta = { messageId = 'm', partId = 'p', field = 'text', text = 'x' },
  usage = { usage = {}, context = { used = 1, limit = 2 } },
  compacted = { before = 2, after = 1, evidence = 0, boundarySeq = 0 },
  title = { title = 'x' },
  changes = { messageId = 'm', files = {} },
  todo = { items = {} },
  queue = { prompts = {} },
  recovered = { note = 'x' },
  error = { error = { message = 'x' } },
}

---Runs `act` with what is fired meanwhile, by name.
local function listening(act)
  local fired = {}
  local id = vim.api.nvim_create_autocmd('User', {
    pattern = 'Agentls*',
    callback = function(event)
      fired[event.match] = event.data
    end,
  })
  local ok, problem = xpcall(act, debug.traceback, fired)
  vim.api.nvim_del_autocmd(id)
  assert(ok, problem)
end

return {
  ['every update is an event with what it said'] = function()
    listening(function(fired)
      double.with({}, {}, function(server)
        for _, kind in pairs(protocol.updates) do
          local said = assert(UPDATES[kind], kind)
          local params = { sessionId = 'ses_other', eventSeq = 1, update = vim.tbl_extend('error', said, { kind = kind }) }
          server.tell(protocol.notifications.session_update, params)
          check.equal(fired['Agentls' .. kind:sub(1, 1):upper() .. kind:sub(2)], params)
        end
      end)
    end)
  end,

  ['a session, a project, a question, the server that comes and goes are events'] = function()
    local project = {
      id = 'prj_1', root = '/p', name = 'p', trust = 'trusted', sandboxes = {}, wouldRun = {}, createdAt = 0, updatedAt = 0, openedAt = 0,
    }
    listening(function(fired)
      double.with({}, {}, function(server)
        check.equal(fired.AgentlsServerReady.version, '0')
        server.tell(protocol.notifications.session_did_change, { sessionId = 'ses_1', change = 'created' })
        check.equal(fired.AgentlsSessionChanged.change, 'created')
        server.tell(protocol.notifications.project_did_change, { project = project })
        check.equal(fired.AgentlsProjectChanged, { project = project })
        local question = { sessionId = 'ses_1', questions = { { question = 'Which?', options = {} } } }
        coroutine.wrap(server.ask)(protocol.questions.session_ask_question, question)
        check.equal(fired.AgentlsQuestion, question)
        local permission = { sessionId = 'ses_1', permissionId = 'per_1', tool = 'bash', title = 'ls', reason = '', items = {}, options = {} }
        coroutine.wrap(server.ask)(protocol.questions.session_request_permission, permission)
        check.equal(fired.AgentlsPermission, permission)
      end)
      check.equal(fired.AgentlsServerDown.kind, 'serverGone')
      check.equal(require('agentls.questions').count(), 0)
    end)
  end,
}
