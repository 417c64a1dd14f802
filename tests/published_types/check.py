"""Judges request bodies by the vendors' own published types.

    python check.py DIRECTORY

Each file is `<wire>.<what>.json`, wire one of responses, chat, anthropic. By themselves the published types let
unknown keys through and look into lists late; here every object refuses what it does not know, and lists are read
at once. To show that the judge is not asleep, each body is also broken in known ways, and all of those must be
refused.
"""

import copy
import json
import pathlib
import sys

import pydantic
from anthropic.types.message_create_params import MessageCreateParamsStreaming
from openai.types.chat.completion_create_params import CompletionCreateParamsStreaming
from openai.types.responses.response_create_params import ResponseCreateParamsStreaming
from pydantic_core import SchemaValidator

TYPES = {
    "responses": ResponseCreateParamsStreaming,
    "chat": CompletionCreateParamsStreaming,
    "anthropic": MessageCreateParamsStreaming,
}

# What a wire needs beside its vendor's types: servers that reason in a field of their own want it back.
EXTENSIONS = {"chat": [("messages", "reasoning_content"), ("messages", "reasoning")]}


def strict(schema):
    """The same core schema with lists read at once and unknown keys refused."""
    if isinstance(schema, list):
        return [strict(item) for item in schema]
    if isinstance(schema, tuple):
        return tuple(strict(item) for item in schema)
    if not isinstance(schema, dict):
        return schema
    schema = {key: strict(value) for key, value in schema.items()}
    if schema.get("type") == "generator":
        schema["type"] = "list"
    # A schema of parameters is open by design: it says so in its own configuration.
    config = schema.get("config") or {}
    if schema.get("type") == "typed-dict" and config.get("extra_fields_behavior") != "allow":
        schema["extra_behavior"] = "forbid"
    # What the vendor answers with may be sent back as well; as an answer it is open for what is to come.
    if schema.get("type") == "model":
        schema["config"] = {**config, "extra_fields_behavior": "forbid"}
    if schema.get("type") == "model-fields":
        schema["extra_behavior"] = "forbid"
    return schema


def validator(params):
    return SchemaValidator(strict(pydantic.TypeAdapter(params).core_schema))


def without_extensions(wire, body):
    body = copy.deepcopy(body)
    for array, key in EXTENSIONS.get(wire, []):
        for item in body[array]:
            item.pop(key, None)
    return body


def first(items, test):
    return next((item for item in items if test(item)), None)


def broken(wire, body):
    """Copies of a body, each with one fault, by name."""
    array = "input" if wire == "responses" else "messages"

    def change(name, fault):
        wrong = copy.deepcopy(body)
        if fault(wrong) is not False:
            yield name, wrong

    def set_on(pick, key, value):
        def fault(wrong):
            target = pick(wrong)
            if target is None:
                return False
            target[key] = value

        return fault

    def drop(pick, key):
        def fault(wrong):
            target = pick(wrong)
            if target is None or key not in target:
                return False
            del target[key]

        return fault

    def top(wrong):
        return wrong

    def user(wrong):
        return first(wrong[array], lambda item: item.get("role") == "user")

    def part(wrong):
        content = (user(wrong) or {}).get("content")
        return content[0] if isinstance(content, list) else None

    def tool(wrong):
        return wrong["tools"][0]["function"] if wire == "chat" else wrong["tools"][0]

    def call(wrong):
        if wire == "responses":
            return first(wrong[array], lambda item: item.get("type") == "function_call")
        speaker = first(wrong[array], lambda item: item.get("role") == "assistant") or {}
        if wire == "chat":
            return first(speaker.get("tool_calls", []), lambda item: True)
        return first(speaker.get("content", []), lambda item: item.get("type") == "tool_use")

    def result(wrong):
        if wire == "responses":
            return first(wrong[array], lambda item: item.get("type") == "function_call_output")
        if wire == "chat":
            return first(wrong[array], lambda item: item.get("role") == "tool")
        blocks = [block for item in wrong[array] for block in item["content"]]
        return first(blocks, lambda block: block.get("type") == "tool_result")

    result_id = {"responses": "output", "chat": "tool_call_id", "anthropic": "tool_use_id"}[wire]
    yield from change("an unknown field", set_on(top, "surprise", 1))
    yield from change("stream false", set_on(top, "stream", False))
    yield from change("the array is a number", set_on(top, array, 7))
    yield from change("an unknown role", set_on(user, "role", "robot"))
    yield from change("an unknown field in a message", set_on(user, "surprise", 1))
    yield from change("a message whose content is a number", set_on(user, "content", 7))
    yield from change("an unknown kind of part", set_on(part, "type", "smell"))
    yield from change("an unknown field in a part", set_on(part, "surprise", 1))
    yield from change("a tool without name", drop(tool, "name"))
    yield from change("an unknown field in a tool", set_on(tool, "surprise", 1))
    yield from change("a tool choice in the wrong shape", set_on(top, "tool_choice", ["none"]))
    yield from change("a call without its name", drop(call, "function" if wire == "chat" else "name"))
    yield from change("an unknown field in a call", set_on(call, "surprise", 1))
    yield from change("a result without its half", drop(result, result_id))
    yield from change("an unknown field in a result", set_on(result, "surprise", 1))
    if wire == "anthropic":
        yield from change("no max_tokens", drop(top, "max_tokens"))


def main(directory):
    files = sorted(pathlib.Path(directory).glob("*.json"))
    judges = {wire: validator(params) for wire, params in TYPES.items()}
    failures, refused = [], {wire: set() for wire in TYPES}
    for file in files:
        wire = file.name.split(".")[0]
        body = without_extensions(wire, json.loads(file.read_text()))
        try:
            judges[wire].validate_python(body)
        except pydantic.ValidationError as error:
            failures.append(f"{file.name}: {error}")
        for name, wrong in broken(wire, body):
            try:
                judges[wire].validate_python(wrong)
                failures.append(f"{file.name}: accepted although broken: {name}")
            except pydantic.ValidationError:
                refused[wire].add(name)
    for wire, names in refused.items():
        if len(names) < 10:
            failures.append(f"{wire}: only {len(names)} kinds of broken bodies were tried")
    print("\n".join(failures) or f"{len(files)} bodies are right; refused kinds of broken ones: "
          + ", ".join(f"{wire} {len(names)}" for wire, names in refused.items()))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
