-- The names of the protocol. Made by scripts/protocol.lua from the schema of the server; not edited by hand.

local M = {}

M.version = 1

-- Requests that the server answers.
M.methods = {
  agent_list = 'agent/list',
  change_read = 'change/read',
  command_list = 'command/list',
  config_get = 'config/get',
  model_list = 'model/list',
  part_evidence = 'part/evidence',
  part_read = 'part/read',
  permission_list = 'permission/list',
  permission_revoke = 'permission/revoke',
  project_get = 'project/get',
  project_list = 'project/list',
  project_trust = 'project/trust',
  project_update = 'project/update',
  server_status = 'server/status',
  session_archive = 'session/archive',
  session_cancel = 'session/cancel',
  session_changes = 'session/changes',
  session_compact = 'session/compact',
  session_context = 'session/context',
  session_delete = 'session/delete',
  session_export = 'session/export',
  session_fork = 'session/fork',
  session_get = 'session/get',
  session_list = 'session/list',
  session_messages = 'session/messages',
  session_new = 'session/new',
  session_next_request = 'session/nextRequest',
  session_prompt = 'session/prompt',
  session_queue = 'session/queue',
  session_rename = 'session/rename',
  session_review = 'session/review',
  session_steps = 'session/steps',
  session_unqueue = 'session/unqueue',
  skill_list = 'skill/list',
  tool_list = 'tool/list',
}

-- What the server tells without being asked.
M.notifications = {
  project_did_change = 'project/didChange',
  session_did_change = 'session/didChange',
  session_update = 'session/update',
}

-- What the server asks the editor.
M.questions = {
  session_ask_question = 'session/askQuestion',
  session_request_permission = 'session/requestPermission',
}

-- The kinds of `session/update`.
M.updates = {
  changes = 'changes',
  compacted = 'compacted',
  error = 'error',
  message = 'message',
  part = 'part',
  part_delta = 'partDelta',
  queue = 'queue',
  recovered = 'recovered',
  status = 'status',
  title = 'title',
  todo = 'todo',
  usage = 'usage',
}

return M
