"""Tasks in a text file: a mark, a space, the text."""

from dataclasses import dataclass
from pathlib import Path

DONE = "x"
OPEN = "-"


@dataclass
class Task:
    text: str
    done: bool = False


def load_tasks(path: Path) -> list[Task]:
    """All tasks, in the order in which they were added."""
    if not path.exists():
        return []
    lines = path.read_text().splitlines()
    return [Task(line[2:], line.startswith(DONE)) for line in lines if line]


def save_tasks(path: Path, tasks: list[Task]) -> None:
    path.write_text("".join(f"{DONE if task.done else OPEN} {task.text}\n" for task in tasks))


def add_task(path: Path, text: str) -> int:
    """Adds a task and returns its number, from 1."""
    tasks = load_tasks(path)
    tasks.append(Task(text))
    save_tasks(path, tasks)
    return len(tasks)


def finish_task(path: Path, number: int) -> Task:
    """Marks a task as done. Fails with an IndexError when there is no such number."""
    tasks = load_tasks(path)
    tasks[number - 1].done = True
    save_tasks(path, tasks)
    return tasks[number - 1]
