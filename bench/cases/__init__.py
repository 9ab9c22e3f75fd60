"""The cases. Each module has `run(*, quick) -> list[Result]` and is called in a process of its own."""
