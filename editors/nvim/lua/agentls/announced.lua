-- Names that newer servers have. A method is called only when the server that runs announces it.

return {
  agent_list = 'agent/list',
  command_list = 'command/list',
  permission_list = 'permission/list',
  permission_revoke = 'permission/revoke',
  project_did_change = 'project/didChange',
  project_get = 'project/get',
  project_list = 'project/list',
  project_trust = 'project/trust',
  project_update = 'project/update',
}
