"""The command line: add, list, done."""

import sys
from pathlib import Path

from todo.store import add_task, finish_task, load_tasks

FILE = Path("tasks.txt")


def main(arguments: list[str]) -> int:
    match arguments:
        case ["add", *words] if words:
            number = add_task(FILE, " ".join(words))
            print(f"Task {number} recieved.")
        case ["list"]:
            for number, task in enumerate(load_tasks(FILE), start=1):
                print(f"{number}. [{'x' if task.done else ' '}] {task.text}")
        case ["done", number] if number.isdigit():
            print(f"Done: {finish_task(FILE, int(number)).text}")
        case _:
            print("usage: todo add TEXT | list | done NUMBER", file=sys.stderr)
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
