"""pygls, the language client and server library of the Python world, through a whole conversation with agentls.

    python client.py PATH/TO/agentls

Nothing here knows how agentls is built: the library frames, numbers and types the messages. Ends with one line and
code 0 when every step came out as the protocol says.
"""

import asyncio
import os
import pathlib
import sys
import tempfile
import time

from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.lsp.client import LanguageClient

END_WITHIN = 2.0
ALL_WITHIN = 60.0


async def converse(binary, home):
    file = home / "greeting.txt"
    file.write_text("good morning\n")
    client = LanguageClient("agentls-pygls", "1")
    updates, changes, asked, problems = [], [], [], []
    client.report_server_error = lambda error, source: problems.append(error)

    @client.feature("session/update")
    def update(params):
        updates.append(params)

    @client.feature("session/didChange")
    def change(params):
        changes.append(params.change)

    @client.feature("session/requestPermission")
    def permission(params):
        asked.append(params.tool)
        return {"optionId": next(option.id for option in params.options if option.scope == "once")}

    places = {"AGENTLS_DATA_DIR": str(home / "data"), "AGENTLS_CONFIG_DIR": str(home / "config")}
    await client.start_io(binary, "serve", "--stdio", env={**os.environ, **places})
    server, request = client._server, client.protocol.send_request_async
    # Whatever is logged must not fill the pipe that the library makes for it.
    log = asyncio.create_task(server.stderr.read())

    introduced = await client.initialize_async(
        types.InitializeParams(
            capabilities=types.ClientCapabilities(),
            process_id=os.getpid(),
            root_uri=home.as_uri(),
            initialization_options={"agentls": {"clientAbilities": {"permission": True}, "trust": "trusted"}},
        )
    )
    assert introduced.server_info.name == "agentls"
    client.initialized(types.InitializedParams())

    session = (await request("session/new", {"cwd": str(home), "model": "offline/explorer"})).session
    text = 'replace "morning" with "evening" in greeting.txt'
    outcome = await request(
        "session/prompt", {"sessionId": session.id, "parts": [{"type": "text", "text": text}]}
    )
    assert outcome.stopReason == "endTurn", outcome
    assert file.read_text() == "good evening\n"
    assert asked == ["edit"], asked
    numbers = [update.eventSeq for update in updates]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers))), "an update was lost or overtaken"

    assert changes[0] == "created", changes

    messages = (await request("session/messages", {"sessionId": session.id})).messages
    assert messages[0].parts[0].text.text == text
    tools = [part for message in messages for part in message.parts if part.type == "tool"]
    assert [(part.tool, part.status) for part in tools] == [("edit", "completed")], tools

    try:
        await request("session/get", {"sessionId": "ses_nowhere"})
        raise AssertionError("a session that is not there was found")
    except JsonRpcException as refused:
        assert (refused.code, refused.data["kind"]) == (-32803, "sessionNotFound"), refused

    await client.shutdown_async(None)
    leaving = time.monotonic()
    client.exit(None)
    code = await server.wait()
    took = time.monotonic() - leaving
    assert code == 0, code
    assert took < END_WITHIN, took
    await log
    await client.stop()
    assert not problems, problems
    print(f"pygls: {len(updates)} updates, 1 permission, exit 0 after {took * 1000:.0f} ms")


def main():
    with tempfile.TemporaryDirectory(prefix="agentls-pygls-") as home:
        asyncio.run(asyncio.wait_for(converse(sys.argv[1], pathlib.Path(home).resolve()), ALL_WITHIN))


if __name__ == "__main__":
    main()
