-- Methods that newer servers have. They are called only when the server that runs announces them.

return {
  agent_list = 'agent/list',
  command_list = 'command/list',
}
