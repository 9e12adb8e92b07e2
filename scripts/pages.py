#!/usr/bin/env python3
"""Runs the commands of docs/issuer.md, docs/issuer-register.md and docs/verifier.md, as a reader copies them, on a localnet; and those of
docs/operations.md as root on a machine of its own with systemd (scripts/machine.sh), where this one allows that.

Fails where a command ends otherwise than its page shows, or says something else. SANAD_PROGRAMS=DIR takes the programs that are
there; else they are built. In a page:

- ```console: each line that begins with `$ ` is run, and what follows is what it must say, on both channels. A line of dots stands
  for any lines; times, hashes, block heights, ports, and the day on which the commands were run count as equal. `error:` means exit code 2, everything else 0.
- ```sh: each command is run and must end with 0.
- <!-- run ... --> is run as well, and shown to nobody: what a reader does with an editor, or is asked to type.
- <!-- not run: REASON --> on the line before a block: it is left out.

Names of pages as arguments: these alone.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import textwrap
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
PAGES = ["issuer.md", "issuer-register.md", "verifier.md"]
ON_A_MACHINE = ["operations.md"]
MACHINE = REPOSITORY / "scripts/machine.sh"
# What the machine needs besides systemd-nspawn.
PROGRAMS = ["nginx", "caddy", "openssl", "curl"]
BLOCK = re.compile(r"^(<!-- not run: [^\n]*-->\n)? *```(console|sh)\n(.*?)^ *```$|^ *<!-- run\n(.*?)^ *-->$", re.MULTILINE | re.DOTALL)
DOTS = {"...", "…"}
# What is asked at a terminal; here the passphrases are in files.
PROMPTS = {"New passphrase of the register:", "The same again:"}
DIFFERS_BY_RUN = [
    (re.compile(r"\d{1,2} [A-Z][a-z]{2} \d{4} \d\d:\d\d UTC"), "DATE"),
    (re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z"), "TIME"),
    (re.compile(r"\((just now|\d+ \w+ ago)\)"), "(AGE)"),
    (re.compile(r"http://127\.0\.0\.1:\d+"), "URL"),
    (re.compile(r"/\S*/sanad-pages-\w+/[^/\s]+/"), "…/"),
    # The order of a batch follows from secrets: log indices at the beginning of a row, and after the row of a register.
    (re.compile(r"^(\d+) +\d+(?= +[0-9a-f]{64}$)"), r"\1 N"),
    (re.compile(r"^\d+(?=  )"), "N"),
    (re.compile(r"\b(block|entry) \d+"), r"\1 N"),
    (re.compile(r"\b[0-9a-f]{12,}\b"), "HASH"),
    (re.compile(r"^( *bytes +)\d+$"), r"\1N"),
    (re.compile(r"\s+"), " "),
]
# Only what is said of the present: dates in credentials are to be as shown.
MOMENTS = [
    (re.compile(r"as of (\d{1,2} [A-Z][a-z]{2} \d{4}) \d\d:\d\d UTC"), "%d %b %Y"),
    (re.compile(r"as of .*\b(\d{4}-\d\d-\d\d)T[\d:.]+Z"), "%Y-%m-%d"),
]


@dataclass
class Step:
    """A command, the line of its page, and what it must say; None if that does not matter."""

    command: str
    line: int
    said: list[str] | None = None


@dataclass
class Page:
    name: str
    steps: list[Step] = field(default_factory=list)


def read(path: Path) -> Page:
    page, text = Page(path.name), path.read_text()
    for block in BLOCK.finditer(text):
        first = text.count("\n", 0, block.start()) + 2
        left_out, kind, shown, hidden = block.groups()
        if left_out:
            continue
        # In lists they are indented.
        shown, hidden = textwrap.dedent(shown or ""), textwrap.dedent(hidden or "")
        if kind == "console":
            for number, line in enumerate(shown.splitlines()):
                if line.startswith("$ "):
                    page.steps.append(Step(line[2:], first + number, []))
                else:
                    page.steps[-1].said.append(line)
        else:
            page.steps.append(Step(hidden or shown, first))
    return page


def script(steps: list[Step], folder: Path) -> str:
    """One shell runs them all, so that what is exported stays so. It ends where a command fails that must not."""
    parts = []
    for number, step in enumerate(steps):
        ends = "set -e" if step.said is None else "set +e"
        parts.append(f"trap 'echo $? >{folder}/{number}.code' EXIT\n{ends}\n")
        parts.append(f"{{ {step.command}\n}} >{folder}/{number}.said 2>&1 </dev/null; echo $? >{folder}/{number}.code\n")
    return "".join(parts)


def days_of_the_run(lines: list[str]) -> set[str]:
    """The days that the lines call the present, and those before them: a run may go on past midnight."""
    days = set()
    for pattern, form in MOMENTS:
        for day in pattern.findall("\n".join(lines)):
            then = datetime.strptime(day, form)
            days |= {str((then - timedelta(days=back)).date()) for back in (0, 1)}
    return days


def plain(lines: list[str]) -> list[str]:
    for day in days_of_the_run(lines):
        lines = [re.sub(rf"\b{day}\b(?!T)", "TODAY", line) for line in lines]
    for pattern, replacement in DIFFERS_BY_RUN:
        lines = [pattern.sub(replacement, line) for line in lines]
    return [line.strip() for line in lines]


def is_as_shown(shown: list[str], said: list[str]) -> bool:
    """Whether the lines are those that are shown, where dots stand for any."""
    if not shown:
        return not said
    if shown[0] in DOTS:
        return any(is_as_shown(shown[1:], said[skipped:]) for skipped in range(len(said) + 1))
    return bool(said) and shown[0] == said[0] and is_as_shown(shown[1:], said[1:])


def fault(step: Step, results: Path, number: int) -> str | None:
    """What is wrong with how a step ended."""
    if not (results / f"{number}.code").exists():
        return "not run"
    code = int((results / f"{number}.code").read_text())
    said = (results / f"{number}.said").read_text().splitlines()
    shown = [line for line in step.said or [] if line not in PROMPTS]
    expected = 2 if any(line.startswith("error:") for line in shown) else 0
    if code != expected:
        return f"exit code {code}, not {expected}\n" + "\n".join(said)
    if step.said is not None and not is_as_shown(plain(shown), plain(said)):
        return "\n".join(["the page shows:", *shown, "it says:", *said])
    return None


def play(page: Page, folder: Path, shell: list[str], seen_as: Path, environment: dict[str, str]) -> int:
    """Runs the steps of a page by a shell that begins in the folder, which it sees as another path; returns how many are not as shown."""
    results = Path(tempfile.mkdtemp(dir=folder))
    (results / "script").write_text(script(page.steps, seen_as / results.name))
    subprocess.run([*shell, f"{seen_as}/{results.name}/script"], cwd=folder, env=environment, check=False, timeout=900)
    faults = 0
    for number, step in enumerate(page.steps):
        found = fault(step, results, number)
        if found is not None:
            faults += 1
            print(f"docs/{page.name}:{step.line}: {step.command.strip()}\n{found}\n", file=sys.stderr)
    print(f"docs/{page.name}: {len(page.steps)} commands, {faults} not as shown")
    return faults


def on_a_localnet(page: Page, environment: dict[str, str]) -> int:
    """Plays a page on a network of its own, at a desk with the members' folders by their names."""
    folder = Path(tempfile.mkdtemp(prefix="sanad-pages-"))
    passphrase = str(folder / "net/passphrase")
    environment = environment | {"SANAD_PASSPHRASE_FILE": passphrase, "SANAD_REGISTER_PASSPHRASE_FILE": passphrase}

    def sanad(*arguments: str, check: bool = True) -> str:
        command = ["sanad", *arguments]
        return subprocess.run(command, cwd=folder, env=environment, check=check, stdout=subprocess.PIPE, text=True).stdout

    try:
        sanad("localnet", "create", "net")
        sanad("localnet", "start", "net")
        environment["NODE"] = re.search(r'"url": "(.*)"', sanad("--json", "localnet", "status", "net"))[1]
        desk = folder / "desk"
        desk.mkdir()
        shutil.copy(folder / "net/genesis.json", desk)
        for number, member in enumerate(["merapi", "bromo", "semeru", "kelimutu"], 1):
            shutil.copytree(folder / f"net/node-{number}", desk / member, ignore=lambda *_: ["data", "node.log"])
        return play(page, desk, ["bash"], desk, environment)
    finally:
        sanad("localnet", "stop", "net", check=False)
        shutil.rmtree(folder)


def on_a_machine(page: Page, programs: Path, environment: dict[str, str]) -> int:
    """Plays a page as root on a machine of its own, where the reader has a clone of the repository in the home directory."""
    missing = [name for name in PROGRAMS if shutil.which(name) is None]
    if missing:
        print(f"docs/{page.name}: {', '.join(missing)} not installed: skipped")
        return 0
    folder = Path(tempfile.mkdtemp(prefix="sanad-pages-"))
    machine, home = folder / "machine", Path("/root/sanad")
    machine.mkdir()
    try:
        started = subprocess.run([MACHINE, "start", machine], check=False)
        if started.returncode == 3:
            print(f"docs/{page.name}: no machine to run it on: skipped")
            return 0
        started.check_returncode()
        desk = machine / "root" / home.relative_to("/")
        shutil.copytree(REPOSITORY / "configs", desk / "configs")
        (desk / "scripts").mkdir()
        shutil.copy(REPOSITORY / "scripts/operations.sh", desk / "scripts")
        (desk / "target/release").mkdir(parents=True)
        for name in ["sanad", "sanad-node"]:
            shutil.copy(programs / name, desk / "target/release")
        shell = [str(MACHINE), "run", str(machine), "bash", "-c", f"cd {home} && exec bash $0"]
        return play(page, desk, shell, home, environment)
    finally:
        if (machine / "supervisor").exists():
            subprocess.run([MACHINE, "stop", machine], check=False)
        shutil.rmtree(folder)


def main() -> int:
    programs = os.environ.get("SANAD_PROGRAMS")
    if programs is None:
        subprocess.run(["cargo", "build", "--quiet", "-p", "sanad-node", "-p", "sanad-cli"], cwd=REPOSITORY, check=True)
        programs = os.environ.get("CARGO_TARGET_DIR", "target") + "/debug"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SANAD_")}
    path = f"{(REPOSITORY / programs).resolve()}:{environment['PATH']}"
    environment |= {"PATH": path, "REPOSITORY": str(REPOSITORY), "LC_ALL": "C.UTF-8"}
    directory = (REPOSITORY / programs).resolve()
    wanted = sys.argv[1:] or PAGES + ON_A_MACHINE
    faults = [on_a_localnet(read(REPOSITORY / "docs" / page), environment) for page in PAGES if page in wanted]
    faults += [on_a_machine(read(REPOSITORY / "docs" / page), directory, environment) for page in ON_A_MACHINE if page in wanted]
    return 1 if any(faults) else 0


if __name__ == "__main__":
    sys.exit(main())
